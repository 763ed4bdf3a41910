/* A phone that speaks Exchange ActiveSync, for tests and for the show.
 *
 * It behaves as phones do: keep-alive HTTP, a SyncKey is kept until the
 * answer that carries the next one was decoded and applied, an Add of a
 * known item is a change, a lost answer is asked for again byte for byte.
 *
 * Every answer is judged on arrival: strict WBXML (wire.h), elements that
 * exist in the protocol version, the published response schemas, a reading
 * by libwbxml, and the manners real clients insist on (check.h). What fails
 * goes to phone_fail, by default cmocka's fail with element and message.
 *
 * Answers belong to the phone; they live until phone_forget or phone_free.
 * Strings returned by getters live as long as their answer or item. */
#ifndef TESTS_PHONE_PHONE_H
#define TESTS_PHONE_PHONE_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/phone/bytes.h"

/* Called with a message that says what is wrong; by default fails the
 * running cmocka test (prints and aborts in programs without cmocka). */
extern void (*phone_fail)(const char *message);
void phone_failf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
double phone_now_ms(void); /* monotonic */

/* ---- the phone ---------------------------------------------------------*/

struct phone_item {
	char *id;         /* ServerId */
	xmlDocPtr fields; /* ApplicationData as it stands after all changes */
	struct phone_item *next;
};

struct phone_folder {
	char *id, *parent, *name;
	int type;
	char *key;     /* SyncKey; "0" before priming */
	char *options; /* content of Options; NULL: send no Options element */
	int window;    /* WindowSize; 0: send none */
	bool keep_deletes; /* send DeletesAsMoves 0 */
	struct phone_item *items; /* newest answer last */
	struct phone_item *moved; /* moved away by the phone: a Delete of
				     them may still come */
	unsigned resets;          /* times the server answered Status 3 */
	struct phone_folder *next;
};

enum phone_loss { LOSS_NONE, LOSS_ANSWER, LOSS_CUT };

struct answer;

struct phone {
	char *url; /* http://127.0.0.1:1234/Microsoft-Server-ActiveSync */
	char *login, *password;
	char *device_id, *device_type, *user_agent;
	const char *version;  /* "12.1", "14.0", "14.1" (default), ... */
	bool base64_query;    /* default: plain query */
	bool gzip;            /* offer Content-Encoding: gzip */
	bool unchecked;       /* do not judge answers */
	bool may_fail;        /* connection errors are answers (status 0) */
	char policy_key[16];  /* "" : header not sent */
	char *folder_key;     /* FolderSync key */
	struct phone_folder *folders;
	long timeout_ms;      /* of one request; default 60 s */
	enum phone_loss loss; /* see phone_next_answer_lost */
	unsigned requests;    /* sent so far */
	unsigned lose_request; /* this one of them loses its answer, and is 0
				  then; not of those in a thread ... */
	enum phone_loss lose_how; /* ... in this way */
	long first_ms; /* patience of a request's first try; 0: as all */
	/* Looks at each answer of a request; true: the same bytes again. Then
	 * the functions below see the last answer alone. `tries` were made. */
	bool (*again)(struct phone *p, const struct answer *a, unsigned tries);
	void *again_ctx;
	struct phone_private *private;
};

/* url: of the service, or just scheme://host:port. */
struct phone *phone_new(const char *url, const char *login,
			const char *password, const char *device_id);
void phone_free(struct phone *p);
/* A second phone_new with everything the first one knows (keys, items): the
 * same phone restored from a backup. */
struct phone *phone_clone(const struct phone *p);
void phone_set_url(struct phone *p, const char *url);
/* Frees the answers so far, for long runs. */
void phone_forget(struct phone *p);

/* ---- requests ----------------------------------------------------------*/

struct answer {
	char cmd[24];
	long status;      /* HTTP; 0: no answer (lost, or error below) */
	char *headers;    /* raw */
	char *raw;        /* body as received (after gzip) */
	size_t n_raw;
	char type[80];    /* Content-Type */
	xmlDocPtr doc;    /* the WBXML part, or XML; NULL if none */
	struct span_part {
		const char *p;
		size_t n;
	} *parts;         /* multipart: 0 is the WBXML */
	size_t n_parts;
	bool lost;        /* thrown away on purpose */
	char error[160];  /* of the connection */
	char *violation;  /* what the judges said; NULL: nothing */
	double sent_ms, done_ms; /* phone_now_ms */
};

struct ask {
	const char *cmd;      /* "Sync" */
	const char *xml;      /* wire_encode'd; or ... */
	const void *raw;      /* ... bytes as they are; neither: no body */
	size_t n_raw;
	const char *content_type;    /* NULL: the usual one, if a body */
	const char *const *params;   /* name, value, ..., NULL */
	const char *const *headers;  /* "Name: value", ..., NULL */
	const char *method;   /* NULL: POST */
	const char *url;      /* NULL: made from phone and cmd */
	bool multipart;       /* MS-ASAcceptMultiPart: T */
	bool unchecked, no_auth;
	long timeout_ms;      /* 0: the phone's */
};

struct answer *phone_ask(struct phone *p, const struct ask *k);
/* xml NULL: no body. */
struct answer *phone_post(struct phone *p, const char *cmd, const char *xml);
struct answer *phone_postf(struct phone *p, const char *cmd, const char *fmt,
			   ...) __attribute__((format(printf, 3, 4)));
struct answer *phone_post_raw(struct phone *p, const char *cmd,
			      const void *body, size_t n);
/* Sends the bytes of the last request again: same URL, headers, body. Does
 * not apply the answer (phone_sync_again and phone_folder_sync_again do). */
struct answer *phone_repeat_last(struct phone *p);
/* The answer of the next request is lost: the connection breaks at its
 * first byte, so the server did its work. Nothing is applied. */
void phone_next_answer_lost(struct phone *p);
/* The connection breaks as soon as the next request is sent. */
void phone_next_request_cut(struct phone *p);

/* The same in a thread of its own, over a connection of its own. */
struct running *phone_start(struct phone *p, const struct ask *k);
bool running_done(struct running *r);
/* The answer (judged now, in the caller's thread), or NULL if it is not
 * there after ms milliseconds. After an answer r is gone. */
struct answer *running_wait(struct running *r, long ms);
/* Breaks the connection and forgets r. */
void running_abort(struct running *r);

/* ---- documents ---------------------------------------------------------*/

/* Paths are local names: "Collections/Collection[2]/SyncKey" (counted from
 * 1), "Collection[CollectionId=5]/Status", "*" for any. Relative to the
 * node; for answers a path starts with "/Root". */
xmlNodePtr node_find(xmlNodePtr from, const char *path);
xmlNodePtr node_nth(xmlNodePtr from, const char *path, size_t i); /* from 0 */
size_t node_count(xmlNodePtr from, const char *path);
const char *node_text(xmlNodePtr from, const char *path); /* NULL: absent */

xmlNodePtr answer_find(const struct answer *a, const char *path);
xmlNodePtr answer_nth(const struct answer *a, const char *path, size_t i);
size_t answer_count(const struct answer *a, const char *path);
const char *answer_text(const struct answer *a, const char *path);
int answer_int(const struct answer *a, const char *path); /* -1: absent */
bool answer_has(const struct answer *a, const char *path);
/* Value of a response header, any case; NULL if absent. */
const char *answer_header(struct answer *a, const char *name);
char *answer_show(const struct answer *a); /* for messages; caller frees */
/* phone_fail with the whole answer unless the text is as expected. */
void answer_expect(const struct answer *a, const char *path, const char *want);
void answer_expect_http(const struct answer *a, long status);

/* ---- setting up --------------------------------------------------------*/

struct answer *phone_options(struct phone *p);
/* POX; the phone takes the URL found there. `base` scheme://host:port. */
struct answer *phone_autodiscover(struct phone *p, const char *base,
				  const char *email);
struct answer *phone_autodiscover_json(struct phone *p, const char *base,
				       const char *email,
				       const char *protocol);
/* Both phases, with DeviceInformation from 14.1 on; the phone takes the
 * key. Answer of the second phase. */
struct answer *phone_provision(struct phone *p);
/* True if the answer asks the phone to provision (449, 142 to 144). */
bool phone_must_provision(const struct answer *a);
/* OPTIONS, FolderSync; provisions if asked. Fails the test otherwise. */
void phone_set_up(struct phone *p);

/* ---- folders -----------------------------------------------------------*/

struct answer *phone_folder_sync(struct phone *p);
struct answer *phone_folder_sync_again(struct phone *p);
/* On success the phone's tree and key follow. */
struct answer *phone_folder_create(struct phone *p, const char *parent,
				   const char *name, int type);
struct answer *phone_folder_update(struct phone *p, const char *id,
				   const char *parent, const char *name);
struct answer *phone_folder_delete(struct phone *p, const char *id);
/* NULL if there is none. */
struct phone_folder *phone_folder_id(struct phone *p, const char *id);
struct phone_folder *phone_folder_name(struct phone *p, const char *name);
struct phone_folder *phone_folder_type(struct phone *p, int type);
/* The same; fail the test if there is none. */
struct phone_folder *phone_inbox(struct phone *p);
struct phone_folder *phone_need_type(struct phone *p, int type);
struct phone_folder *phone_need_name(struct phone *p, const char *name);

/* ---- Sync --------------------------------------------------------------*/

/* Ready-made contents of Options. */
#define OPTIONS_HTML                                                          \
	"<FilterType>0</FilterType>"                                          \
	"<base:BodyPreference><base:Type>2</base:Type>"                       \
	"<base:TruncationSize>200000</base:TruncationSize>"                   \
	"</base:BodyPreference>"
#define OPTIONS_PLAIN                                                         \
	"<FilterType>0</FilterType>"                                          \
	"<base:BodyPreference><base:Type>1</base:Type>"                       \
	"</base:BodyPreference>"
#define OPTIONS_MIME                                                          \
	"<FilterType>0</FilterType><MIMESupport>2</MIMESupport>"              \
	"<base:BodyPreference><base:Type>4</base:Type>"                       \
	"</base:BodyPreference>"

struct sync_result {
	struct answer *a;
	int root;   /* Sync/Status; 1 if absent */
	int status; /* of the last collection listed; 1 if none is */
	bool empty; /* 200 without a body: nothing to tell */
	bool more;  /* MoreAvailable in some collection */
	unsigned rounds;
	unsigned adds, changes, deletes, soft_deletes;
	unsigned readds;  /* Adds of items the phone had already */
	unsigned unknown; /* Changes and Deletes of items it has not */
	unsigned failed;  /* Responses with a Status other than 1 */
};

/* Sends a Sync as written (NULL: the empty request) and applies the answer
 * to all collections in it. */
struct sync_result phone_sync_post(struct phone *p, const char *xml);
/* phone_repeat_last, applied. */
struct sync_result phone_sync_again(struct phone *p);
/* Applies an answer got otherwise (running_wait); request: the XML asked,
 * so that the phone's own changes reach its store; may be NULL. */
struct sync_result phone_sync_apply(struct phone *p, struct answer *a,
				    const char *request);
/* One collection as XML: key, options and the rest of the folder, with
 * `commands` (content of Commands) if not NULL; caller frees. */
char *phone_collection(const struct phone_folder *f, const char *commands);
/* One request for the folder. With key "0" it only primes. */
struct sync_result phone_sync(struct phone *p, struct phone_folder *f,
			      const char *commands);
struct sync_result phone_syncf(struct phone *p, struct phone_folder *f,
			       const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Primes if needed, then asks until nothing more is available. On Status 3
 * starts over once, as phones do. Fails the test on other errors, on rounds
 * without progress, and on items it cannot place. */
struct sync_result phone_sync_all(struct phone *p, struct phone_folder *f);
void phone_set_options(struct phone_folder *f, const char *options);
/* Back to key 0 with no items. */
void phone_reset_folder(struct phone_folder *f);

size_t folder_count(const struct phone_folder *f);
struct phone_item *folder_item(const struct phone_folder *f, const char *id);
struct phone_item *folder_subject(const struct phone_folder *f,
				  const char *subject);
/* Fails the test if there is none. */
struct phone_item *folder_need(const struct phone_folder *f,
			       const char *subject);
xmlNodePtr item_fields(const struct phone_item *it); /* ApplicationData */
const char *item_text(const struct phone_item *it, const char *path);

/* One-command Syncs. */
struct sync_result phone_set_read(struct phone *p, struct phone_folder *f,
				  const char *id, bool read);
/* content: inside Flag; "" clears. */
struct sync_result phone_set_flag(struct phone *p, struct phone_folder *f,
				  const char *id, const char *content);
struct sync_result phone_delete(struct phone *p, struct phone_folder *f,
				const char *id);
struct answer *phone_fetch_by_sync(struct phone *p, struct phone_folder *f,
				   const char *id);

/* ---- Ping, GetItemEstimate ---------------------------------------------*/

/* seconds 0: no HeartbeatInterval; n 0: no Folders. */
char *phone_ping_xml(int seconds, struct phone_folder *const *f, size_t n);
struct answer *phone_ping(struct phone *p, int seconds,
			  struct phone_folder *const *f, size_t n);
struct running *phone_ping_start(struct phone *p, int seconds,
				 struct phone_folder *const *f, size_t n);
/* The estimate; minus the Status if that is not 1. */
int phone_estimate(struct phone *p, struct phone_folder *f);

/* ---- mails -------------------------------------------------------------*/

struct smart {
	const char *client_id;
	const char *folder, *item; /* source ... */
	const char *long_id;       /* ... or this */
	const char *instance;
	bool save, replace_mime;
};

/* In the form of the phone's version: WBXML, or message/rfc822 up to 12.1
 * (client_id is not sent then). */
struct answer *phone_send(struct phone *p, const char *client_id, bool save,
			  const char *mime, size_t n);
/* cmd: "SmartReply" or "SmartForward". */
struct answer *phone_smart(struct phone *p, const char *cmd,
			   const struct smart *s, const char *mime, size_t n);
/* options: content of Options, or NULL. */
struct answer *phone_fetch_item(struct phone *p, const char *folder,
				const char *item, const char *options,
				bool multipart);
struct answer *phone_fetch_long(struct phone *p, const char *long_id,
				const char *options);
/* range "0-99" or NULL. */
struct answer *phone_fetch_file(struct phone *p, const char *reference,
				const char *range, bool multipart);
/* Bytes of a file answer, from Data or the first part; false if absent. */
bool answer_file(const struct answer *a, struct bytes *out);
struct answer *phone_get_attachment(struct phone *p, const char *reference);
struct answer *phone_empty_folder(struct phone *p, const char *folder,
				  bool subfolders);
/* On success the item goes over to the target's store under its new id, as
 * phones do: the server need not tell what the phone did itself. */
struct answer *phone_move(struct phone *p, const char *item,
			  const char *from, const char *to);
/* query: content of And; options: content of Options. */
struct answer *phone_search(struct phone *p, const char *query,
			    const char *options);
struct answer *phone_user_information(struct phone *p);
struct answer *phone_device_information(struct phone *p);

#endif
