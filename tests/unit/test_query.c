#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/codec.h"
#include "gateway/http/query.h"

static bool
read_query(struct arena *a, const char *raw, const char *version,
	   struct query *q)
{
	return query_read(a, span_of(raw), version, "1307199584", "", q,
			  NULL);
}

static const char *
pack(struct arena *a, const char *bytes, size_t n)
{
	return arena_str(a, base64_encode(a, span_from(bytes, n)));
}
#define PACK(a, literal) pack(a, literal, sizeof(literal) - 1)

static void
plain_query_is_read(void **state)
{
	struct arena *a = arena_new();
	struct query q;

	(void)state;
	assert_true(read_query(a, "User=EX%5Cbob&Cmd=SmartReply&"
			       "DeviceType=iPhone+X&DeviceId=abc123&"
			       "CollectionId=7&ItemId=7%3A12&SaveInSent=T",
			       "14.1", &q));
	assert_string_equal(q.cmd, "SmartReply");
	assert_string_equal(q.user, "EX\\bob");
	assert_string_equal(q.device_type, "iPhone X");
	assert_int_equal(q.version, 141);
	assert_int_equal(q.policy_key, 1307199584);
	assert_true(span_eq(q.item_id, SPAN("7:12")));
	assert_true(q.save_in_sent);
	assert_int_equal(q.code, -1);
	assert_true(span_eq(query_login(span_of(q.user)), SPAN("bob")));
	arena_free(&a);
}

static void
packed_query_is_read(void **state)
{
	struct arena *a = arena_new();
	struct query q;

	(void)state;
	assert_true(read_query(a, PACK(a, "\x8d\x13\x09\x04\x04" "dev1"
				       "\x04\x01\x02\x03\x04\x05" "Phone"
				       "\x07\x01\x03" "\x01\x01" "7"),
			       "", &q));
	assert_true(q.packed);
	assert_string_equal(q.cmd, "ItemOperations");
	assert_int_equal(q.version, 141);
	assert_int_equal(q.locale, 0x409);
	assert_string_equal(q.device_id, "dev1");
	assert_int_equal(q.policy_key, 0x04030201);
	assert_string_equal(q.device_type, "Phone");
	assert_true(q.save_in_sent && q.accept_multipart);
	assert_true(span_eq(q.collection_id, SPAN("7")));
	arena_free(&a);
}

static void
sixteen_raw_bytes_become_hex(void **state)
{
	struct arena *a = arena_new();
	struct query q;

	(void)state;
	assert_true(read_query(a, PACK(a, "\x8d\x00\x00\x00\x10"
				       "Nine\x00\x01\x02\x03\xff\xfe\xfd\xfc"
				       "\x10\x11\x12\x13\x00\x01t"), "", &q));
	assert_string_equal(q.device_id, "4E696E6500010203FFFEFDFC10111213");
	arena_free(&a);
}

static void
bad_queries_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "hello", "Cmd=Sync", "Cmd=Sync&DeviceId=a",
		"Cmd=Sync&DeviceId=a-b&DeviceType=t",
		"Cmd=Sync&DeviceId=..%2Fa&DeviceType=t",
		"Cmd=Sync&DeviceId=&DeviceType=t",
		"Cmd=&DeviceId=a&DeviceType=t",
		("Cmd=Sync&DeviceId=a123456789b123456789c123456789d12&"
		 "DeviceType=t"),
		"jQAA", "jQAJBP9hYmM=",
	};
	struct arena *a = arena_new();
	struct query q;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (read_query(a, bad[i], "14.1", &q))
			fail_msg("accepted: %s", bad[i]);
	arena_free(&a);
}

static void
versions_are_numbers(void **state)
{
	(void)state;
	assert_int_equal(query_version("12.1"), 121);
	assert_int_equal(query_version("2.5"), 25);
	assert_int_equal(query_version("14"), 0);
	assert_int_equal(query_version("14.10"), 0);
	assert_int_equal(query_version(""), 0);
	assert_int_equal(query_version("x.y"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_query_is_read),
		cmocka_unit_test(packed_query_is_read),
		cmocka_unit_test(sixteen_raw_bytes_become_hex),
		cmocka_unit_test(bad_queries_are_refused),
		cmocka_unit_test(versions_are_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
