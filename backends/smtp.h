/* Hands one mail to the submission server. */
#ifndef BACKENDS_SMTP_H
#define BACKENDS_SMTP_H

#include "backends/backend.h"

struct smtp_mail {
	const char *from;        /* envelope; "" for <> */
	const char *const *to;   /* envelope recipients, bare addresses */
	size_t n_to;
	struct span message;     /* with CRLF line ends; Bcc already removed */
	/* Called once when the last byte of the message has been asked for,
	 * before the final dot can leave: the place to write down that the
	 * outcome is about to be unknown. False stops; nothing was sent.
	 * May be NULL. */
	bool (*before_last)(void *ctx);
	void *ctx;
};

/* Blocks until the deadline (clock_mono_ms). Success: the server took the
 * mail for all recipients. Failure with *in_doubt false: nobody got it;
 * ERR_DENIED (credentials at SCOPE_ACCOUNT; else refused sender, recipient
 * or content at SCOPE_ITEM), ERR_TOO_BIG, ERR_INVALID, ERR_QUOTA,
 * ERR_UNAVAILABLE (4yz or network). Failure with *in_doubt true: the final
 * dot may have left, no answer came. One refused recipient refuses all,
 * before DATA. `login` may be NULL: no authentication; it is not used on a
 * connection without TLS unless the host is a loopback address or the
 * configuration says tls = none. */
bool smtp_send(const struct source_conf *conf, const struct login *login,
	       const struct smtp_mail *mail, int64_t deadline_ms,
	       bool *in_doubt, struct err *e);

/* A try: connects, logs in, names the sender, takes it back. Errors as
 * smtp_send: ERR_DENIED at SCOPE_ACCOUNT is the login, at SCOPE_ITEM the
 * sender. */
bool smtp_check(const struct source_conf *conf, const struct login *login,
		const char *from, int64_t deadline_ms, struct err *e);

#endif
