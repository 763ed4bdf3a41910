/* Providers: what "provider = NAME" stands for. The data is
 * share/providers.conf, built into the program. */
#ifndef GATEWAY_PRESET_H
#define GATEWAY_PRESET_H

#include "base/buf.h"

#define PRESET_VALUES 10

struct preset_value {
	const char *key, *value; /* of a setting; key NULL: the end */
};

struct preset {
	const char *name, *title;
	const char *domains, *mx;  /* comma lists; NULL: none */
	bool local_login;          /* IMAP: without the domain */
	const char *host;          /* example; NULL: no host is needed */
	const char *password, *note; /* for people; NULL: none */
	const char *oauth;         /* [oauth NAME] where tokens are taken */
	struct preset_value mail[PRESET_VALUES + 1];
	struct preset_value dav[PRESET_VALUES + 1];
};

/* What is known of an OAuth provider: settings of [oauth NAME]. */
struct oauth_preset {
	const char *name, *title, *note;
	struct preset_value v[PRESET_VALUES + 1];
};

const struct oauth_preset *oauth_preset_at(size_t i); /* NULL: the end */
const struct oauth_preset *oauth_preset_find(const char *name);

const struct preset *preset_at(size_t i); /* NULL behind the last */
const struct preset *preset_find(const char *name);
/* By the domain of an address, and by the name of its mail exchanger; NULL
 * if none is known. Any case. */
const struct preset *preset_of_domain(const char *domain);
const struct preset *preset_of_mx(const char *mx);
/* Do only tokens open its contacts and calendars? NULL: no. */
bool preset_wants_oauth(const struct preset *p);
/* docs/providers.md */
void preset_doc(struct buf *out);

#endif
