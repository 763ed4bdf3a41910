/* A Sync request as a struct: what the phone said, completed by what it
 * said before (sticky Options, cached collections). MS-ASCMD 2.2.1.21. */
#ifndef GATEWAY_SYNC_PARSE_H
#define GATEWAY_SYNC_PARSE_H

#include "base/err.h"
#include "base/item.h"
#include "translate/wbxml/wbxml.h"

enum sync_cmd_kind { SYNC_ADD, SYNC_CHANGE, SYNC_DELETE, SYNC_FETCH };

struct sync_cmd {
	enum sync_cmd_kind kind;
	struct span client_id; /* Add */
	struct span server_id; /* all others */
	struct span instance; /* one occurrence of a series (16.x: InstanceId) */
	bool send;            /* a draft that is to leave (16.x: Send) */
	const struct wbxml_node *data; /* ApplicationData; may be NULL */
	uint64_t digest; /* of kind and data: tells a repeat from an edit */
};

/* Does it take the whole item away, not only an occurrence? */
static inline bool
sync_cmd_buries(const struct sync_cmd *c)
{
	return c->kind == SYNC_DELETE && c->instance.n == 0;
}

struct sync_coll {
	struct span key;
	struct span name; /* CollectionId as the phone wrote it */
	uint32_t coll;    /* its number; 0 if it is none of ours */
	bool get_changes;
	bool deletes_as_moves;
	uint32_t window;
	bool has_options;              /* Options stood in this request */
	const struct wbxml_node *node; /* the Collection element: Options and
					  BodyPreferences are read from it */
	bool conversation_mode;
	struct sync_cmd *cmds;
	size_t n_cmds;
	bool bad; /* Status 4: CollectionId or SyncKey missing, too many */
};

struct sync_request {
	struct sync_coll *colls;
	size_t n;
	uint32_t window;    /* of the whole answer */
	uint32_t wait_s;    /* 0: do not wait */
	unsigned status;    /* not 0: answer this root Status */
	unsigned limit;     /* with Status 14: the nearest bound */
	struct span cached; /* document to remember for empty and partial
			       requests; empty if this one is not cached */
};

/* `body` is NULL for an empty request; `cache` is what was remembered (may
 * be empty). Never fails: what is wrong is in status or bad. Everything
 * lives in the arena. */
void sync_parse(struct arena *a, const struct wbxml_node *body,
		struct span cache, struct sync_request *out);

/* FilterType -> oldest date (struct change.date) wanted of that kind at `now`;
 * INT64_MIN for "all" (MS-ASCMD 2.2.3.68.2; unknown values count as all). Of
 * tasks, incomplete ones stand behind every date (accounts/objects.c). */
int64_t sync_filter_floor(enum item_kind kind, uint32_t filter, int64_t now);

#endif
