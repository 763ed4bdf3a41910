/* Sealed secrets: what opens them, and what is said when nothing does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/codec.h"
#include "base/seal.h"
#include "gateway/config/config.h"

static void
there_and_back(void **state)
{
	struct arena *a = arena_new();
	struct err e = { .code = ERR_NONE };
	struct seal_key k, again;
	struct span out;
	const char *text, *twice;

	(void)state;
	seal_key_new(&k);
	assert_true(seal_key_read(span_of(seal_key_text(a, &k)), &again,
				  &e));
	assert_memory_equal(k.key, again.key, sizeof(k.key));
	assert_string_equal(k.id, again.id);
	text = seal_put(a, &k, SPAN("geheim \xc3\xa4"));
	twice = seal_put(a, &k, SPAN("geheim \xc3\xa4"));
	assert_string_not_equal(text, twice); /* equal ones do not show */
	assert_true(seal_is(span_of(text)));
	assert_null(strstr(text, "geheim"));
	assert_true(seal_open(a, &again, span_of(text), &out, &e));
	assert_true(span_eq(out, SPAN("geheim \xc3\xa4")));
	assert_true(seal_open(a, &k, span_of(seal_put(a, &k, SPAN(""))),
			      &out, &e));
	assert_int_equal(out.n, 0);
	arena_free(&a);
}

static void
does_not_open(struct seal_key *k, const char *text, const char *words)
{
	struct arena *a = arena_new();
	struct err e = { .code = ERR_NONE };
	struct span out;

	assert_false(seal_open(a, k, span_of(text), &out, &e));
	assert_int_equal(e.code, ERR_INVALID);
	if (strstr(e.text, words) == NULL)
		fail_msg("no \"%s\" in: %s", words, e.text);
	arena_free(&a);
}

static void
damaged_or_another_key(void **state)
{
	struct arena *a = arena_new();
	struct err e = { .code = ERR_NONE };
	struct seal_key k, other;
	char *text;
	size_t i, n;

	(void)state;
	seal_key_new(&k);
	seal_key_new(&other);
	text = arena_str(a, span_of(seal_put(a, &k, SPAN("geheim"))));
	does_not_open(&other, text, "sealed with key");
	n = strlen(text);
	/* Any letter of what is sealed but the last, whose bits do not all
	 * count. */
	for (i = 11; i < n - 3; i++) {
		char was = text[i];

		text[i] = was == 'A' ? 'B' : 'A';
		does_not_open(&k, text, "");
		text[i] = was;
	}
	does_not_open(&k, "1.", "no sealed text");
	does_not_open(&k, "password", "no sealed text");
	does_not_open(&k, arena_printf(a, "1.%s.AAAA", k.id),
		      "no sealed text");
	does_not_open(&k, arena_printf(a, "%.*s", (int)(n - 8), text), "");
	assert_false(seal_key_read(SPAN("easbridge-key-1 AAAA"), &other, &e));
	err_clear(&e);
	assert_false(seal_key_read(SPAN(""), &other, &e));
	assert_non_null(strstr(e.text, "easbridge secret key"));
	arena_free(&a);
}

static char path[96];

static void
write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
secret_fails(const struct secret *s, const char *words)
{
	struct err e = { .code = ERR_NONE };
	char out[64];

	assert_false(secret_get(s, out, sizeof(out), &e));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	if (strstr(e.text, words) == NULL)
		fail_msg("no \"%s\" in: %s", words, e.text);
}

static void
as_settings(void **state)
{
	struct arena *a = arena_new();
	struct secret s = { .kind = SECRET_SEALED };
	struct err e = { .code = ERR_NONE };
	struct seal_key k;
	char out[64], dir[64];

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/test-seal-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/key", dir);
	seal_key_new(&k);
	s.value = seal_put(a, &k, SPAN("geheim"));
	secret_fails(&s, "name it with seal-key");
	s.key.file = path;
	secret_fails(&s, "No such file");
	write_file("hallo\n");
	secret_fails(&s, "that is no key");
	write_file(arena_printf(a, "%s\n", seal_key_text(a, &k)));
	assert_true(secret_get(&s, out, sizeof(out), &e));
	assert_string_equal(out, "geheim");
	/* The key, or the password itself, from systemd. */
	s.key = (struct seal_where){ .credential = "key" };
	secret_fails(&s, "LoadCredential");
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	assert_true(secret_get(&s, out, sizeof(out), &e));
	assert_string_equal(out, "geheim");
	write_file("aus systemd\n");
	s = (struct secret){ .kind = SECRET_CREDENTIAL, .value = "key" };
	assert_true(secret_get(&s, out, sizeof(out), &e));
	assert_string_equal(out, "aus systemd");
	s.value = "other";
	secret_fails(&s, "No such file");
	unsetenv("CREDENTIALS_DIRECTORY");
	secret_fails(&s, "LoadCredential");
	unlink(path);
	rmdir(dir);
	arena_free(&a);
}

/* RFC 7636 appendix B, RFC 4648 section 10. */
static void
codes_of_others(void **state)
{
	struct arena *a = arena_new();
	uint8_t h[32];
	struct span out;

	(void)state;
	sha256(SPAN("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), h);
	out = base64url_encode(a, span_from(h, sizeof(h)));
	assert_true(span_eq(out,
			    SPAN("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")));
	assert_true(base64url_decode(a, SPAN("-_8"), &out));
	assert_true(span_eq(out, SPAN("\xfb\xff")));
	assert_false(base64url_decode(a, SPAN("+/8"), &out));
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(damaged_or_another_key),
		cmocka_unit_test(as_settings),
		cmocka_unit_test(codes_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
