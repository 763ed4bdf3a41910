/* Inside the phone only. */
#ifndef TESTS_PHONE_PRIVATE_H
#define TESTS_PHONE_PRIVATE_H

#include <curl/curl.h>

#include "tests/phone/phone.h"

/* A request ready to go; bytes are kept for repeating. */
struct request {
	char cmd[24];
	char *method;
	char *url;   /* whole; or ... */
	char *query; /* ... behind the phone's URL, which may move */
	struct curl_slist *headers;
	struct bytes body;
	bool has_body, auth, judge;
	long timeout_ms;
};

struct line { /* one HTTP client: a thread uses one */
	CURL *easy;
	CURLM *multi;
};

struct kept {
	struct answer *a;
	struct kept *next;
};

struct phone_private {
	struct line line;
	struct request last;
	struct kept *answers;
};

/* The XML that was asked last, decoded again; NULL if there is none. */
xmlDocPtr phone_last_request(struct phone *p);
/* Fails the test for what the judges or the connection complain of. */
void phone_judge(struct phone *p, struct answer *a);
void phone_set(char **field, const char *value);
bool phone_is_old(const struct phone *p); /* up to 12.1 */

/* folders.c */
void folders_free(struct phone *p);
void folders_clone(struct phone *to, const struct phone *from);
/* sync.c */
void items_free(struct phone_folder *f);
void item_moved(struct phone_folder *from, const char *id,
		struct phone_folder *to, const char *new_id);
void items_clone(struct phone_folder *to, const struct phone_folder *from);

#endif
