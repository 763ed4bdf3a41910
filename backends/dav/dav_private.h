/* A CardDAV/CalDAV session in pieces:
 *   dav.c          the session
 *   dav_url.c      addresses, names, whom the password may go to
 *   dav_http.c     one request: libcurl, logins, redirects, retries
 *   dav_xml.c      XML into small trees: libxml2
 *   dav_props.c    a multistatus response; errors told in bodies
 *   dav_find.c     discovery; dav_srv.c its DNS part
 *   dav_folders.c  collections as folders
 *   dav_changes.c  what changed
 *   dav_get.c, dav_put.c   objects; dav_pour.c all of them at once
 *   dav_colls.c    making collections
 *   dav_schedule.c what the server does about meetings; dav_freebusy.c
 * backends/dav/dav.h says what of the outside world is handled, and where. */
#ifndef BACKENDS_DAV_PRIVATE_H
#define BACKENDS_DAV_PRIVATE_H

#include <curl/curl.h>

#include "backends/driver.h"
#include "base/buf.h"

#define MAX_HOMES 16
#define MAX_DAV_DEPTH 32             /* of an answer's XML */
#define MAX_DAV_NODES 20000          /* of one response in it */
#define DAV_ANSWER_BYTES (96u << 20) /* a multiget, or 200,000 hrefs */
#define DAV_ERROR_BYTES (256u << 10) /* of an answer that is no listing */
#define DAV_BATCH 100                /* objects in one multiget */
#define DAV_PAGES 10000              /* of one sync-collection */
#define DAV_HOMES_MS (3600 * 1000)   /* discovery is believed so long */

struct dav_origin {
	char name[320];     /* scheme://host:port */
	unsigned long auth; /* CURLAUTH_*: how it wants the login */
};

struct dav_homes {
	const char *v[MAX_HOMES]; /* URLs with a slash at the end */
	size_t n;
	bool single; /* v[0] is a collection itself */
};

struct dav {
	struct source_conf conf; /* a copy; its URLs are filled in */
	struct arena *own;
	CURL *easy;
	struct login login;
	int64_t deadline_ms;
	int64_t not_before_ms; /* the server asked to be left alone */
	const char *base;      /* scheme://host:port that paths belong to */
	struct dav_origin origins[4];
	size_t n_origins;
	/* Discovery, or what is left of it. */
	struct arena *found;
	int64_t found_ms; /* 0: not yet */
	struct dav_homes contacts, calendars;
	const char *outbox;
	struct span address; /* the user's own, for the outbox */
	bool asked_schedules, schedules; /* calendar-auto-schedule */
	/* Versions of vCard that collections keep (dav_get.c). */
	struct dav_version *versions;
};

/* ---- dav_url.c -------------------------------------------------------------*/

/* Absolute form of an href seen at `from`, in one spelling; NULL: none. */
const char *dav_url(struct arena *a, const char *from, struct span href);
/* Its path in one spelling: escapes that need not be are undone, those that
 * must be are made, hex digits are upper case. Empty: no href. */
struct span dav_path(struct arena *a, const char *from, struct span href);
/* "scheme://host:port" of an absolute URL. */
const char *dav_origin_of(struct arena *a, const char *url);
bool dav_is_https(const char *url);
/* May the password go there? To the configured hosts, and over TLS to hosts
 * of the same registered domain (public suffix list). */
bool dav_trusts(const struct dav *d, const char *url);
/* With a slash at the end. */
const char *dav_slash(struct arena *a, const char *url);
/* How a collection is named outside: its path if it lies at the source's own
 * host, else the whole URL. */
struct span dav_remote(const struct dav *d, struct arena *a, const char *url);
/* The URL of a remote name, without "#VEVENT"; the component in *comp
 * ("" for address books). NULL and e if it is no name of ours. */
const char *dav_coll_url(const struct dav *d, struct arena *a,
			 struct span remote, struct span *comp,
			 struct err *e);
const char *dav_object_url(struct arena *a, const char *coll,
			   struct span remote);
void dav_url_init(void);

/* ---- dav_xml.c -------------------------------------------------------------*/

enum xml_ns { NS_NONE, NS_DAV, NS_CAL, NS_CARD, NS_CS, NS_APPLE, NS_OTHER };

struct xml_node {
	enum xml_ns ns;
	struct span name;
	struct span text;          /* own text, as it stands */
	struct span attr, version; /* attributes "name" and "version" */
	bool cut;                  /* text was too long and is dropped */
	struct xml_node *child, *last, *next, *up;
};

/* Gets each child of the root as it is complete. Memory is `tmp`'s, which
 * ends when the call returns. */
typedef void xml_child_fn(void *ctx, const struct xml_node *n,
			  struct arena *tmp);

struct dav_xml;
struct dav_xml *dav_xml_open(xml_child_fn *each, void *ctx);
/* False: broken, too deep or too large; what follows is not read. */
bool dav_xml_feed(struct dav_xml *x, const char *p, size_t n);
/* At the end. True: well formed, complete, and the root has that name. */
bool dav_xml_done(struct dav_xml *x, enum xml_ns ns, const char *root);
void dav_xml_free(struct dav_xml **x);
bool xml_is(const struct xml_node *n, enum xml_ns ns, const char *name);
const struct xml_node *xml_find(const struct xml_node *n, enum xml_ns ns,
				const char *name);
struct span dav_escape(struct arena *a, struct span text);

/* ---- dav_props.c -----------------------------------------------------------*/

#define DAV_COLLECTION 1u
#define DAV_ADDRESSBOOK 2u
#define DAV_CALENDAR 4u
#define DAV_PRINCIPAL 8u
#define DAV_HIDDEN 16u /* in, out, bin, notifications, proxies */
#define DAV_VEVENT 1u
#define DAV_VTODO 2u
#define DAV_VJOURNAL 4u

struct dav_response {
	struct span href; /* as it stands, trimmed */
	int status;       /* of the resource itself; 0: none given */
	int worst;        /* of its propstats: the highest; 0: none */
	struct span error; /* name of the first condition told */
	struct span etag, name, ctag, token, data, resource_id, default_cal;
	struct span principal, outbox;
	struct span contacts[MAX_HOMES], calendars[MAX_HOMES];
	size_t n_contacts, n_calendars;
	struct span address; /* mailto: of calendar-user-address-set */
	unsigned types, comps;
	unsigned vcard; /* 3 or 4: named first; 0: not told */
	bool data_cut, unauthenticated, transparent;
	bool has_types, has_comps, has_privileges, may_write;
};

/* Reads a multistatus as it comes in. `each` may be NULL. */
struct dav_multi {
	void (*each)(void *ctx, const struct dav_response *r);
	void *ctx;
	struct arena *a;   /* for token and first */
	size_t n;          /* responses seen */
	struct span token; /* of a sync-collection */
	int worst;         /* the highest status in any of them */
	struct span error; /* the first condition told */
	bool stop;         /* set by `each`: the rest is not wanted */
};
xml_child_fn dav_multi_child;

/* ---- dav_http.c ------------------------------------------------------------*/

#define DAV_XML_TYPE "application/xml; charset=utf-8"
#define DAV_HEAD "<?xml version=\"1.0\" encoding=\"utf-8\"?>"
#define DAV_XMLNS                                                            \
	"xmlns:d=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:caldav\" "        \
	"xmlns:r=\"urn:ietf:params:xml:ns:carddav\" "                        \
	"xmlns:s=\"http://calendarserver.org/ns/\""

struct dav_ask {
	const char *method;
	const char *url;        /* absolute */
	const char *depth;      /* NULL: no header */
	const char *type;       /* of the body; NULL: none */
	const char *accept;     /* NULL: no header */
	struct span body;
	const char *condition;  /* "If-Match: ..." or NULL */
	const char *more[4];    /* further header lines */
	size_t most;            /* of a text body; 0: DAV_ERROR_BYTES */
	struct dav_multi *multi; /* reads a 207; NULL: it is text too */
	xml_child_fn *each;     /* instead: children of another XML root, */
	void *ctx;              /* at any 2xx */
	const char *root;       /* of CalDAV */
};

struct dav_reply {
	long status;
	struct span body; /* text; what went to `multi` is not here */
	bool cut;         /* longer than `most` */
	struct span etag, location, type;
	struct span dav; /* the DAV headers, joined by commas */
	const char *url;  /* after redirects */
};

/* One request, redirects followed where the password may go too.
 * ERR_DENIED/SCOPE_ACCOUNT: 401. ERR_UNAVAILABLE: no answer, 429, 502 to 504
 * (account), 500 (collection). ERR_PEER: a 207 that is none, a foreign
 * redirect. All else is the caller's to judge by out->status. */
bool dav_call(struct dav *d, const struct dav_ask *ask, struct arena *a,
	      struct dav_reply *out, struct err *e);
/* The same, and all but a whole multistatus is an error: a login page, half
 * an answer. ask->multi is required. */
bool dav_query(struct dav *d, const struct dav_ask *ask, struct arena *a,
	       struct dav_reply *out, struct err *e);
bool dav_propfind(struct dav *d, const char *url, const char *depth,
		  const char *props, struct dav_multi *m, struct arena *a,
		  struct dav_reply *out, struct err *e);
/* The error of an answer that is no success; always false. `item` widens
 * what is told of the object alone. */
bool dav_refused(const struct dav_reply *r, const struct dav_multi *m,
		 bool item, const char *what, struct err *e);
/* Does the error body name that condition? */
bool dav_condition(const struct dav_reply *r, const struct dav_multi *m,
		   const char *name);

/* ---- dav_find.c, dav_srv.c, dav_folders.c ----------------------------------*/

/* Homes of both services, found or remembered. A service that the source is
 * not asked for, or does not have, has none; neither is an error. */
bool dav_find(struct dav *d, struct err *e);
/* Forgets them. */
void dav_lose(struct dav *d);
/* The address that DNS names for a service of a domain (RFC 6764); NULL:
 * none. */
const char *dav_srv(struct arena *a, const char *domain, bool contacts);
const char *dav_srv_read(struct arena *a, const unsigned char *msg, size_t n,
			 const char *path);
struct span dav_srv_path(struct arena *a, const unsigned char *msg, size_t n);

bool dav_list(void *s, struct arena *a, struct folder **v_out, size_t *n_out,
	      struct err *e);

/* ---- the other operations --------------------------------------------------*/

bool dav_inventory(void *s, struct span remote, struct arena *a,
		   struct harvest *out, struct err *e);
bool dav_changes(void *s, struct span remote, struct span cursor,
		 struct arena *a, struct harvest *out, struct err *e);
bool dav_status_round(void *s, const struct span *remotes, size_t n,
		      struct arena *a, struct folder_status *out,
		      struct err *e);
/* Has the calendar objects of that component? */
bool dav_holds(struct dav *d, const char *url, const char *comp, bool *out,
	       struct err *e);
bool dav_pour(void *s, struct span remote, object_fn *take, void *ctx,
	      struct err *e);
/* The property to ask for: cards in the version that the collection keeps. */
const char *dav_address_data(struct dav *d, const char *url, struct arena *a);
bool dav_get(void *s, struct span coll, struct object *v, size_t n,
	     struct arena *a, struct err *e);
/* One object by GET; o->remote names it. Gone: found stays false. */
bool dav_get_one(struct dav *d, const char *coll, bool calendar,
		 struct object *o, struct arena *a, struct err *e);
bool dav_put(void *s, struct span coll, enum item_kind kind, struct span name,
	     struct object *io, struct arena *a, struct err *e);
bool dav_remove(void *s, struct span coll, struct span remote,
		struct span etag, bool quiet, struct err *e);
bool dav_create_coll(void *s, enum item_kind kind, struct span place,
		     struct span name, struct arena *a,
		     struct span *remote_out, struct err *e);
bool dav_rename_coll(void *s, struct span coll, struct span name,
		     struct err *e);
bool dav_delete_coll(void *s, struct span coll, struct err *e);
bool dav_free_busy(void *s, struct span who, int64_t from, int64_t to,
		   struct arena *a, struct span *ics_out, struct err *e);
bool dav_schedules(void *s, bool *out, struct err *e);
/* Calls end now, those under way among them (dav_stop). */
bool dav_stopped(void);

#endif
