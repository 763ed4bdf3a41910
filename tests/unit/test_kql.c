/* Keyword queries become criteria. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "gateway/commands/kql.h"

/* "subject:report|!from:bob" : a bar for OR, a blank for AND, ! for NOT. */
static void
reads(const char *query, const char *want)
{
	static const char *const names[SEARCH_FIELDS] = {
		"text", "subject", "from", "to", "cc", "body", "type"
	};
	struct arena *a = arena_new();
	struct buf b = BUF_INIT(4096);
	struct search_want w = { .n_terms = 0 };
	size_t i;

	kql_read(a, span_of(query), &w);
	for (i = 0; i < w.n_terms; i++)
		buf_printf(&b, "%s%s:" SPAN_FMT "%s",
			   w.terms[i].not ? "!" : "",
			   names[w.terms[i].field], SPAN_ARG(w.terms[i].text),
			   i + 1 == w.n_terms	? ""
			   : w.terms[i].or_next ? "|"
						: " ");
	if (w.since != 0)
		buf_printf(&b, " since %s", clock_compact(a, w.since));
	if (w.before != 0)
		buf_printf(&b, " before %s", clock_compact(a, w.before));
	buf_byte(&b, '\0');
	assert_string_equal(b.p, want);
	buf_free(&b);
	arena_free(&a);
}

static void
words(void **state)
{
	(void)state;
	reads("", "");
	reads("  ( ) ", "");
	reads("report", "text:report");
	reads("quarterly report", "text:quarterly text:report");
	reads("\"quarterly report\" x", "text:quarterly report text:x");
	reads("repo*", "text:repo");
	reads("\"open", "text:open");
}

static void
operators(void **state)
{
	(void)state;
	reads("a AND b", "text:a text:b");
	reads("a OR b c", "text:a|text:b text:c");
	reads("a OR b OR c", "text:a|text:b|text:c");
	reads("a NOT b", "text:a !text:b");
	reads("a -b +c", "text:a !text:b text:c");
	reads("OR a OR", "text:a");
	reads("and or", "text:and text:or");
	reads("(a OR b) AND c", "text:a|text:b text:c");
}

static void
properties(void **state)
{
	(void)state;
	reads("subject:report from:bob", "subject:report from:bob");
	reads("subject:\"two words\" x", "subject:two words text:x");
	reads("To:a CC:b body:c", "to:a cc:b body:c");
	reads("participants:eva", "from:eva|to:eva|cc:eva");
	reads("NOT participants:eva", "!from:eva !to:eva !cc:eva");
	reads("hasattachment:true", "type:multipart/mixed");
	reads("hasattachment:false x", "!type:multipart/mixed text:x");
	reads("size:big", "text:size:big");
	reads("subject:", "");
}

static void
dates(void **state)
{
	(void)state;
	reads("received>2024", "text:received>2024");
	reads("received:>=2024-05-01", " since 20240501T000000Z");
	reads("received:>2024-05-01", " since 20240502T000000Z");
	reads("received:<2024-05-01 x", "text:x before 20240501T000000Z");
	reads("received:<=2024-05-01", " before 20240502T000000Z");
	reads("received:2024-05-01",
	      " since 20240501T000000Z before 20240502T000000Z");
	reads("received:soon", "text:received:soon");
}

/* Nothing that is sent can be too much. */
static void
bounds(void **state)
{
	struct arena *a = arena_new();
	struct search_want w = { .n_terms = 0 };
	char text[2000];
	size_t i;

	(void)state;
	for (i = 0; i + 1 < sizeof(text); i += 2)
		memcpy(text + i, "a ", 2);
	assert_true(kql_read(a, span_from(text, sizeof(text)), &w));
	assert_int_equal(w.n_terms, MAX_TERMS);
	memset(text, '"', sizeof(text));
	assert_false(kql_read(a, span_from(text, sizeof(text)), &w));
	memset(text, '-', sizeof(text));
	kql_read(a, span_from(text, sizeof(text)), &w);
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),      cmocka_unit_test(operators),
		cmocka_unit_test(properties), cmocka_unit_test(dates),
		cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests_name("kql", tests, NULL, NULL);
}
