#include "base/seal.h"

#include <sodium.h>
#include <string.h>

#include "base/codec.h"

#define KEY_MAGIC "easbridge-key-1 "
#define NONCE crypto_secretbox_NONCEBYTES
#define MAC crypto_secretbox_MACBYTES

static void
name_key(struct seal_key *k)
{
	uint8_t h[32];
	size_t i;
	static const char digits[] = "0123456789abcdef";

	hash256(SPAN("easbridge seal key"),
		span_from(k->key, sizeof(k->key)), h);
	for (i = 0; i < 4; i++) {
		k->id[2 * i] = digits[h[i] >> 4];
		k->id[2 * i + 1] = digits[h[i] & 15];
	}
	k->id[8] = '\0';
}

void
seal_key_new(struct seal_key *out)
{
	random_bytes(out->key, sizeof(out->key));
	name_key(out);
}

void
seal_key_wipe(struct seal_key *k)
{
	explicit_bzero(k, sizeof(*k));
}

const char *
seal_key_text(struct arena *a, const struct seal_key *k)
{
	struct span b64 = base64_encode(a, span_from(k->key, sizeof(k->key)));

	return arena_printf(a, KEY_MAGIC SPAN_FMT, SPAN_ARG(b64));
}

bool
seal_key_read(struct span text, struct seal_key *out, struct err *e)
{
	struct arena *a = arena_new();
	struct span raw = SPAN_NONE;
	bool ok;

	text = span_trim(text);
	ok = span_starts(text, SPAN(KEY_MAGIC)) &&
	     base64_decode(a, span_from_at(text, sizeof(KEY_MAGIC) - 1),
			   &raw) && raw.n == SEAL_KEY_BYTES;
	if (ok) {
		memcpy(out->key, raw.p, raw.n);
		name_key(out);
	}
	if (raw.n > 0)
		explicit_bzero((char *)(uintptr_t)raw.p, raw.n);
	arena_free(&a);
	return ok || err_set(e, ERR_INVALID, SCOPE_ACCOUNT,
			     "that is no key: it begins with \"" KEY_MAGIC
			     "\", as \"easbridge secret key\" makes it");
}

const char *
seal_put(struct arena *a, const struct seal_key *k, struct span secret)
{
	size_t n = NONCE + MAC + secret.n;
	unsigned char *raw = arena_alloc(a, n);

	random_bytes(raw, NONCE);
	crypto_secretbox_easy(raw + NONCE,
			      (const unsigned char *)secret.p, secret.n, raw,
			      k->key);
	return arena_printf(a, "1.%s." SPAN_FMT, k->id,
			    SPAN_ARG(base64_encode(a, span_from(raw, n))));
}

bool
seal_is(struct span text)
{
	return text.n > 11 && span_starts(text, SPAN("1.")) &&
	       text.p[10] == '.';
}

bool
seal_open(struct arena *a, const struct seal_key *k, struct span text,
	  struct span *out, struct err *e)
{
	const unsigned char *p;
	struct span raw, id;
	char *plain;

	text = span_trim(text);
	if (!seal_is(text) ||
	    !base64_decode(a, span_from_at(text, 11), &raw) ||
	    raw.n < NONCE + MAC)
		return err_set(e, ERR_INVALID, SCOPE_ACCOUNT,
			       "that is no sealed text: make one with "
			       "\"easbridge secret seal\"");
	id = span_first(span_from_at(text, 2), 8);
	if (!span_eq(id, span_of(k->id)))
		return err_set(e, ERR_INVALID, SCOPE_ACCOUNT,
			       "it was sealed with key " SPAN_FMT ", and the "
			       "key here is %s: bring that key back, or seal "
			       "it again", SPAN_ARG(id), k->id);
	p = (const unsigned char *)raw.p;
	plain = arena_alloc(a, raw.n);
	if (crypto_secretbox_open_easy((unsigned char *)plain, p + NONCE,
				       raw.n - NONCE, p, k->key) != 0)
		return err_set(e, ERR_INVALID, SCOPE_ACCOUNT,
			       "the sealed text is damaged: seal the secret "
			       "again");
	*out = span_from(plain, raw.n - NONCE - MAC);
	return true;
}
