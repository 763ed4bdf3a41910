/* A CardDAV/CalDAV session in pieces: dav_http.c talks, dav_xml.c reads
 * answers, dav_find.c finds collections, dav_changes.c lists what changed,
 * dav_objects.c reads and writes objects. */
#ifndef BACKENDS_DAV_PRIVATE_H
#define BACKENDS_DAV_PRIVATE_H

#include <curl/curl.h>

#include "backends/driver.h"
#include "base/buf.h"

#define MAX_HOMES 8
#define DAV_ANSWER_BYTES (64u << 20) /* a listing of 100,000 hrefs */
#define DAV_BATCH 100                /* objects in one multiget */

struct dav {
	const struct source_conf *conf; /* a copy of our own */
	struct source_conf copy;
	struct arena *own;
	CURL *easy;
	struct login login;
	int64_t deadline_ms;
	char *base; /* scheme://host:port that paths belong to */
	unsigned long auth; /* CURLAUTH_*: as the server asked */
};

/* ---- dav_http.c ----------------------------------------------------------*/

struct dav_ask {
	const char *method;
	const char *url;        /* absolute */
	const char *depth;      /* NULL: no header */
	const char *type;       /* of the body; NULL: none */
	struct span body;
	const char *condition;  /* "If-Match: ..." or NULL */
};

struct dav_reply {
	long status;
	struct span body;
	struct span etag, location, type;
	const char *url; /* after redirects */
};

/* One request, redirects followed (https to https, and to hosts of the same
 * domain only: the password goes along). 401 is ERR_DENIED/SCOPE_ACCOUNT,
 * 429 and 5xx (but 507) ERR_UNAVAILABLE; all else is the caller's to judge. */
bool dav_call(struct dav *d, const struct dav_ask *ask, struct arena *a,
	      struct dav_reply *out, struct err *e);
/* Absolute form of an href as seen at `from`; NULL if it is no URL. */
const char *dav_url(struct arena *a, const char *from, struct span href);
/* How a collection is named outside: its path if it lies at the source's own
 * host, else the whole URL. */
struct span dav_remote(struct dav *d, struct arena *a, const char *url);
/* The URL of a remote name, without "#VEVENT"; the component in *comp
 * ("" for address books). */
const char *dav_coll_url(struct dav *d, struct arena *a, struct span remote,
			 struct span *comp);
/* The same resource, however escaped? */
bool dav_same_path(struct arena *a, struct span one, struct span two);
/* Errors of a status that no caller expects; always false. */
bool dav_refused(const struct dav_reply *r, const char *what, struct err *e);

/* ---- dav_xml.c -----------------------------------------------------------*/

#define DAV_COLLECTION 1u
#define DAV_ADDRESSBOOK 2u
#define DAV_CALENDAR 4u
#define DAV_VEVENT 1u
#define DAV_VTODO 2u
#define DAV_VJOURNAL 4u

struct dav_response {
	struct span href;
	int status; /* of the resource itself; 0: none given */
	struct span etag, name, data, ctag, token, principal;
	struct span homes[MAX_HOMES]; /* of both services */
	size_t n_contacts_homes, n_homes; /* contacts first */
	unsigned types, comps;
	bool has_comps, has_privileges, may_write;
};

struct dav_multi {
	struct dav_response *v;
	size_t n;
	struct span token; /* of a sync-collection */
};

/* Reads a multistatus. ERR_PEER for anything else: a login page, half an
 * answer. */
bool dav_multistatus(struct arena *a, const struct dav_reply *r,
		     struct dav_multi *out, struct err *e);
struct span dav_escape(struct arena *a, struct span text);

/* ---- the operations --------------------------------------------------------*/

bool dav_list(void *s, struct arena *a, struct folder **v_out, size_t *n_out,
	      struct err *e);
bool dav_changes(void *s, struct span remote, struct span cursor,
		 struct arena *a, struct harvest *out, struct err *e);
bool dav_status_round(void *s, const struct span *remotes, size_t n,
		      struct arena *a, struct folder_status *out,
		      struct err *e);
bool dav_get(void *s, struct span coll, struct object *v, size_t n,
	     struct arena *a, struct err *e);
bool dav_put(void *s, struct span coll, enum item_kind kind, struct span name,
	     struct object *io, struct arena *a, struct err *e);
bool dav_remove(void *s, struct span coll, struct span remote,
		struct span etag, struct err *e);
bool dav_create_coll(void *s, enum item_kind kind, struct span name,
		     struct arena *a, struct span *remote_out,
		     struct err *e);
bool dav_rename_coll(void *s, struct span coll, struct span name,
		     struct err *e);
bool dav_delete_coll(void *s, struct span coll, struct err *e);

#endif
