/* Passwords of the gateway's own, one for each phone: made by "easbridge
 * password add", kept as Argon2id hashes in one file, taken back one by one.
 * A phone with such a password never learns those of the servers behind.
 *
 * A password reads abcd-efgh-ijkl-mnop-qrst, 100 random bits. The first four
 * letters name its row in the clear, so that a check costs one hash at most
 * and a password of another shape none at all. */
#ifndef GATEWAY_AUTH_PASSWORDS_H
#define GATEWAY_AUTH_PASSWORDS_H

#include "base/arena.h"
#include "base/err.h"

#define OWN_PASSWORD_ROOM 32  /* with its NUL */
#define OWN_PASSWORD_NAME 60  /* longest name */
#define OWN_PASSWORDS_MAX 100 /* of one user */

struct own_password {
	const char *login;   /* first login of its user */
	const char *name;    /* of the phone, as the administrator chose it */
	int64_t created;     /* seconds since 1970 */
	const char *id;      /* the first four letters */
	const char *hash;    /* crypto_pwhash_str */
};

/* All rows; a file that is not there has none. ERR_UNAVAILABLE: it cannot be
 * read, or somebody broke it (the text names the line). */
bool own_passwords_read(const char *file, struct arena *a,
			struct own_password **v_out, size_t *n_out,
			struct err *e);
/* Makes a password and files it; the only time it can be seen. Written by
 * root the file gets the owner of the folder `state`, whose account has to
 * read it; its mode is 0600. ERR_EXISTS: that name is taken;
 * ERR_INVALID: not a name; ERR_QUOTA: too many. */
bool own_password_add(const char *file, const char *state,
		      const char *login, const char *name, char out[OWN_PASSWORD_ROOM],
		      struct err *e);
/* ERR_NOT_FOUND if there is none of that name. */
bool own_password_revoke(const char *file, const char *state,
			 const char *login, const char *name, struct err *e);

/* Does the password have the shape of ours, even if it is not or no longer
 * one? Such a password is never tried at a server. */
bool own_password_shape(const char *password);
/* Is it one of this user's? Takes some 15 ms, one call at a time in the
 * process; *name_out, in a, is the row's name. */
bool own_password_check(const char *file, const char *login,
			const char *password, struct arena *a,
			const char **name_out, struct err *e);
/* Another number after each change of the file; 0: not there. */
uint64_t own_passwords_stamp(const char *file);

#endif
