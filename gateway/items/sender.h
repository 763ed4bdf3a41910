/* Whose name a mail of this phone leaves under. */
#ifndef GATEWAY_SENDER_H
#define GATEWAY_SENDER_H

#include "gateway/http/request.h"
#include "translate/mail/compose.h"

/* The addresses of source number `source` of the user, where it is a further
 * mailbox with addresses of its own, else all of the user's (-1: those); they
 * and the token live in the request's arena. */
struct compose_user sender_of(struct request *r, int source,
			      struct span token);

#endif
