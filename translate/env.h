/* What a translation needs to know of phone and user, and what the phone
 * wishes of bodies. Plain data; nothing here owns anything. */
#ifndef TRANSLATE_ENV_H
#define TRANSLATE_ENV_H

#include "base/arena.h"
#include "translate/wbxml/wbxml.h"

enum body_type { BODY_TEXT = 1, BODY_HTML = 2, BODY_RTF = 3, BODY_MIME = 4 };

#define MAX_BODY_PREFS 4 /* one per type */
#define NO_TRUNCATION UINT32_MAX

struct body_pref {
	enum body_type type;
	uint32_t truncation; /* bytes of UTF-8; NO_TRUNCATION: all of it */
	bool all_or_none;    /* only with a truncation */
	uint32_t preview;    /* characters, 0: none wished */
};

struct tr_env {
	struct arena *arena; /* results live here */
	unsigned version;    /* 121, 140, 141, 160, 161 */
	struct body_pref body[MAX_BODY_PREFS];
	size_t n_body; /* 0: plain text, untruncated */
	struct body_pref part; /* BodyPartPreference (14.1+) */
	bool has_part;
	unsigned mime_support;    /* 0 never, 1 S/MIME only, 2 always */
	uint32_t mime_truncation; /* bytes, NO_TRUNCATION; for type 4 when its
				     preference names no TruncationSize */
	const struct span *own;   /* the user's addresses, primary first */
	size_t n_own;
	const char *zone; /* IANA name for floating times; NULL: UTC */
	int64_t now;      /* calendar: series that EAS cannot express are
			     shown from a month before; 0: from their start */
	struct span ref;  /* "coll:item" for FileReferences in objects (16.x);
			     empty: their attachments are not shown */
};

/* The Supported element of a folder's first Sync (MS-ASCMD 2.2.3.179):
 * elements the phone manages. Not given: nothing is ghosted; given and empty:
 * everything is. */
struct tag_set {
	const wbxml_tag *v;
	size_t n;
	bool given;
};

/* version and arena; no wishes, no addresses. */
struct tr_env tr_env_make(struct arena *a, unsigned version);

enum body_prefs_result {
	BODY_PREFS_OK,
	BODY_PREFS_BAD,     /* wrong order, type twice, out of range: Status 4 */
	BODY_PREFS_BAD_PART /* BodyPartPreference of a type but 2: Status 164 */
};

/* Reads BodyPreference, BodyPartPreference (14.1+), MIMESupport and
 * MIMETruncation from an Options element of Sync, ItemOperations, Search or
 * Find, whatever stands beside them. NULL is an empty Options. Replaces all
 * wishes in env (options are a set, field/clients: never merged). */
enum body_prefs_result body_prefs_read(const struct wbxml_node *options,
				       struct tr_env *env);

#endif
