/* Readers of values: where a password is, how one logs in, and where tokens
 * are asked for. */
#include "gateway/config/config_values_private.h"

#include <string.h>

static void
put_secret(struct reader *rd, const struct setting *s, void *target,
	   enum secret_kind kind, const char *v)
{
	struct secret *out = slot(s, target);

	if (out->kind != SECRET_NONE) {
		reader_say(rd, "one of %s, ...-file, ...-command, "
			   "...-credential and ...-sealed is enough: remove "
			   "the others",
			   span_starts(span_of(s->name), SPAN("client"))
				   ? "client-secret" : "password");
		return;
	}
	if (v[0] == '\0') {
		reader_say(rd, "\"%s\" is empty: give a value or remove the "
			   "line", s->name);
		return;
	}
	out->kind = kind;
	out->value = arena_str(rd->arena, span_of(v));
}

void
set_password(struct reader *rd, const struct setting *s, void *target,
	     const char *v)
{
	put_secret(rd, s, target, SECRET_PLAIN, v);
}

void
set_password_file(struct reader *rd, const struct setting *s, void *target,
		  const char *v)
{
	put_secret(rd, s, target, SECRET_FILE,
		   v[0] ? path_in(rd->arena, rd->dir, v) : v);
}

void
set_password_command(struct reader *rd, const struct setting *s,
		     void *target, const char *v)
{
	put_secret(rd, s, target, SECRET_COMMAND, v);
}

static bool
is_credential(struct reader *rd, const struct setting *s, const char *v)
{
	if (strchr(v, '/') == NULL && v[0] != '.')
		return true;
	reader_say(rd, "\"%s\" is the name of a credential "
		   "(LoadCredential=NAME:FILE), not a path: \"%s\"", s->name,
		   v);
	return false;
}

void
set_credential_name(struct reader *rd, const struct setting *s, void *target,
		    const char *v)
{
	if (is_credential(rd, s, v))
		setting_text(rd, s, target, v);
}

void
set_password_credential(struct reader *rd, const struct setting *s,
			void *target, const char *v)
{
	if (is_credential(rd, s, v))
		put_secret(rd, s, target, SECRET_CREDENTIAL, v);
}

void
set_password_sealed(struct reader *rd, const struct setting *s,
		    void *target, const char *v)
{
	if (v[0] != '\0' && !seal_is(span_of(v)))
		reader_say(rd, "\"%s\" is what \"easbridge secret seal\" "
			   "prints: it begins with \"1.\"", s->name);
	else
		put_secret(rd, s, target, SECRET_SEALED, v);
}

void
set_auth(struct reader *rd, const struct setting *s, void *target,
	 const char *v)
{
	bool *out = slot(s, target);

	if (strcmp(v, "oauth") == 0)
		*out = true;
	else if (strcmp(v, "password") == 0)
		*out = false;
	else
		reader_say(rd, "\"%s\" is password or oauth, not \"%s\"",
			   s->name, v);
}

/* An endpoint: a token goes there, so only over TLS or within this
 * machine. */
void
set_endpoint(struct reader *rd, const struct setting *s, void *target,
	     const char *v)
{
	static const char *const local[] = { "http://127.0.0.1",
					     "http://[::1]",
					     "http://localhost" };
	bool ok = strncmp(v, "https://", 8) == 0 && v[8] != '\0';
	size_t i;

	for (i = 0; i < 3; i++)
		ok = ok || (strncmp(v, local[i], strlen(local[i])) == 0 &&
			    strchr(":/", v[strlen(local[i])]) != NULL);
	if (!ok || strpbrk(v, " \t\"<>#") != NULL)
		reader_say(rd, "\"%s\" is an address that begins with "
			   "https://, not \"%s\"", s->name, v);
	else
		setting_text(rd, s, target, v);
}
