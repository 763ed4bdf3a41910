/* The query string of a command, plain and packed (MS-ASHTTP 2.2.1.1.1),
 * with the headers that belong to it. Pure functions. */
#ifndef GATEWAY_QUERY_H
#define GATEWAY_QUERY_H

#include "base/arena.h"
#include "base/err.h"

#define DEVICE_ID_MAX 32

struct query {
	bool packed;        /* base64 form */
	const char *cmd;    /* name as in the table, or as the phone wrote it;
			       "" if the packed code is not known */
	int code;           /* packed code; -1 in the plain form */
	const char *user;   /* decoded; "" if absent */
	const char *device_id;
	const char *device_type;
	const char *version_text; /* what the phone said, for the log */
	int version;        /* 121, 140, 141 ...; 0 if missing or no number */
	uint32_t policy_key; /* 0: none sent */
	unsigned locale;
	struct span attachment_name, collection_id, item_id, long_id,
		occurrence;
	bool save_in_sent;
	bool accept_multipart;
};

/* Reads the query; version_header, policy_header and multipart_header are
 * the three headers ("" if absent). ERR_INVALID with a reason when it is of
 * neither form, lacks Cmd, DeviceId or DeviceType, or a DeviceId is not 1 to
 * 32 letters and digits. An unusable version is no failure: version is 0. */
bool query_read(struct arena *a, struct span raw, const char *version_header,
		const char *policy_header, const char *multipart_header,
		struct query *out, struct err *e);

/* "14.1" -> 141; 0 for anything else than digits.digit. */
int query_version(const char *text);
/* The login behind DOMAIN\ ; the whole string if there is none. */
struct span query_login(struct span user);

#endif
