/* From a mail address to its servers: presets by domain and mail exchanger,
 * SRV records (RFC 6186, RFC 6764), autoconfig files, and at last names that
 * are usual. Nothing here logs in anywhere. */
#ifndef GATEWAY_SETUP_H
#define GATEWAY_SETUP_H

#include "base/arena.h"
#include "gateway/config/preset.h"

/* Where answers come from. With a file (--resolver) neither DNS nor HTTP is
 * used; its lines are "MX NAME TARGET", "SRV NAME PORT TARGET" and
 * "HTTP URL FILE", "DAV URL", "HOST NAME", # begins a comment. */
struct resolver {
	struct arena *a;
	struct span text;  /* of the file; p NULL: the real world */
	const char *dir;   /* FILEs are relative to it */
	const char *ca_file;
};

struct srv_answer {
	const char *host;
	unsigned port;
};

bool resolver_open(struct resolver *r, const char *file, struct err *e);
/* The exchanger of lowest preference; NULL: none. */
const char *resolve_mx(const struct resolver *r, const char *domain);
/* Of lowest priority; false if there is none or the service is said not to
 * exist (target "."). */
bool resolve_srv(const struct resolver *r, const char *name,
		 struct srv_answer *out);
/* Does a DAV server answer there, asked without a login (PROPFIND, redirects
 * followed)? Web sites get no password to see. In a file: "DAV URL". */
bool resolve_dav(const struct resolver *r, const char *url);
/* Has it an address? In a file: "HOST NAME". */
bool resolve_host(const struct resolver *r, const char *name);
/* GET; false unless it is a 200. */
bool resolve_url(const struct resolver *r, const char *url,
		 struct span *out);

/* What was found; NULL where nothing was. */
struct found {
	const char *by;                 /* in words */
	const struct preset *preset;    /* or ... */
	const char *imap, *smtp;        /* ... as in a user file */
	const char *username;           /* if it is not the address */
	const char *contacts, *calendars;
	const char *dav;                /* both, by .well-known */
};

/* False if no mail server was found. */
bool setup_find(const struct resolver *r, const char *address,
		struct found *out);
/* setup_xml.c: Thunderbird's autoconfig format; false if it names no IMAP
 * and SMTP server. */
bool setup_autoconfig(struct arena *a, struct span xml, const char *address,
		      struct found *out);

#endif
