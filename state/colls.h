/* The collections of a user: what the sources list, under numbers that stay
 * for life. */
#ifndef STATE_COLLS_H
#define STATE_COLLS_H

#include "base/item.h"
#include "state/ids.h"
#include "state/store.h"

struct coll {
	uint32_t id;
	enum item_kind kind;
	enum folder_type type;
	uint32_t parent;      /* 0: at the top */
	bool attached;        /* false: not listed any more; kept */
	bool read_only, no_select;
	struct span source, remote, objectid, name;
	uint32_t uidvalidity; /* of the mirror; 0 before the first listing */
	uint32_t generation;  /* how often UIDVALIDITY changed */
	struct span cursor;   /* empty: never listed completely */
	uint64_t seq;         /* last position of the change log */
	int64_t hold_since;   /* a suspicious loss was seen then; 0: none */
	/* A rename of ours that may have been carried out; empty: none. */
	struct span next_name;
	uint32_t next_parent;
};

/* Takes over a complete listing of one source. Keeps numbers by objectid,
 * else by name; what is missing becomes detached. *changed tells whether the
 * tree differs from before. */
bool colls_apply(struct store *s, user_id user, struct span source,
		 const struct folder *v, size_t n, bool *changed,
		 struct err *e);
/* The collections of all other sources become detached: their items leave the
 * phones, and come back with them under the same numbers. Views stay. *changed
 * is only ever set. */
bool colls_keep(struct store *s, user_id user, const struct span *sources,
		size_t n, bool *changed, struct err *e);
/* Announces a rename of ours, before the source is asked: a listing that has
 * the new name and lacks the old one is then known to be it. */
bool colls_renaming(struct store *s, user_id user, uint32_t coll,
		    uint32_t parent, struct span name, struct err *e);
/* Records a rename of ours, so that the number is kept also where the server
 * knows no MAILBOXID; children move along. */
bool colls_rename(struct store *s, user_id user, uint32_t coll,
		  struct span remote, struct err *e);
/* What the sources list; views (state/views.h), which no source knows, are
 * left out. */
bool colls_list(struct store *s, user_id user, struct arena *a,
		struct coll **v_out, size_t *n_out, struct err *e);
/* The views too. */
bool colls_list_all(struct store *s, user_id user, struct arena *a,
		    struct coll **v_out, size_t *n_out, struct err *e);
/* ERR_NOT_FOUND, SCOPE_COLLECTION. */
bool colls_get(struct store *s, user_id user, uint32_t coll, struct arena *a,
	       struct coll *out, struct err *e);

#endif
