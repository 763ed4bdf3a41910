/* Who is asking. Credentials come as Basic; they are checked against the
 * gateway's own passwords (auth_passwords.h), then against the gateway
 * password of the user file or, if there is none, by logging in at the mail
 * server. What was found good is remembered for ten minutes as a keyed hash;
 * a change of the configuration or of the passwords ends that at once. */
#ifndef GATEWAY_AUTH_H
#define GATEWAY_AUTH_H

#include "base/arena.h"
#include "base/err.h"
#include "gateway/config/config.h"

struct auth;
struct gateway;

/* The pass-through check; ERR_DENIED at SCOPE_ACCOUNT for a wrong password,
 * ERR_UNAVAILABLE if the server could not be asked. May block. */
typedef bool (*auth_verify)(struct gateway *gw, const struct user_conf *u,
			    const char *login, const char *password,
			    struct err *e);

struct auth *auth_new(struct gateway *gw, auth_verify verify);
void auth_free(struct auth **au);

/* Reads an Authorization header: user and password as UTF-8 (Latin-1 is
 * converted). False if it is not Basic or not legal. */
bool auth_basic(struct arena *a, const char *header, const char **user_out,
		const char **password_out);
/* The name users are kept under: without DOMAIN\, lower case, blanks off. */
const char *auth_normalise(struct arena *a, const char *user);

/* Finds the user and checks the password, on a worker. On success *user_out
 * is a reference for the caller; *own_out tells that the password is one of
 * the gateway's own, which no server is ever to be given. Failures: ERR_DENIED (401, also for logins
 * nobody has: same text, same time), ERR_UNAVAILABLE (503: the mail server
 * is down, or too many wrong attempts; never 401). */
bool auth_check(struct auth *au, struct config *conf, const char *login,
		const char *password, struct user_conf **user_out,
		bool *own_out, struct err *e);
/* The server refused a password that was good before. */
void auth_forget(struct auth *au, const char *login);

#endif
