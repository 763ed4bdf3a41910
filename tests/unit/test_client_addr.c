/* Networks, and who is behind which proxies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/config/client_addr.h"

static void
networks_are_read_and_hold(void **state)
{
	static const struct {
		const char *net, *in, *out;
	} rows[] = {
		{ "10.0.0.0/8", "10.255.1.2", "11.0.0.1" },
		{ "192.0.2.128/25", "192.0.2.129", "192.0.2.127" },
		{ "192.0.2.1", "192.0.2.1", "192.0.2.2" },
		{ "192.0.2.1", "::ffff:192.0.2.1", "::192.0.2.1" },
		{ "0.0.0.0/0", "203.0.113.9", "2001:db8::1" },
		{ "2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1" },
		{ "::1", "::1", "127.0.0.1" },
	};
	static const char *const wrong[] = { "", "10.0.0/8", "10.0.0.0/33",
					     "::/129", "10.0.0.0/", "a.b",
					     "10.0.0.0/8x", "1.2.3.4.5" };
	struct network n;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(network_from(rows[i].net, &n));
		assert_true(network_holds(&n, rows[i].in));
		assert_false(network_holds(&n, rows[i].out));
		assert_false(network_holds(&n, "nonsense"));
	}
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(network_from(wrong[i], &n));
	assert_true(addr_is_loopback("127.3.2.1"));
	assert_true(addr_is_loopback("::1"));
	assert_true(addr_is_loopback("::ffff:127.0.0.1"));
	assert_false(addr_is_loopback("128.0.0.1"));
	assert_false(addr_is_loopback(""));
}

static void
the_last_that_is_not_trusted(void **state)
{
	static const char *const trust[] = { "127.0.0.1", "10.0.0.0/8",
					     "2001:db8::/32" };
	static const struct {
		const char *peer, *forwarded, *want;
	} rows[] = {
		{ "192.0.2.1", "", "192.0.2.1" },
		/* Nobody else may speak for others. */
		{ "192.0.2.1", "198.51.100.1", "192.0.2.1" },
		{ "127.0.0.1", "198.51.100.1", "198.51.100.1" },
		{ "::ffff:127.0.0.1", "198.51.100.1", "198.51.100.1" },
		{ "::ffff:192.0.2.1", "", "192.0.2.1" },
		{ "127.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1" },
		{ "127.0.0.1", "1.1.1.1,198.51.100.1 , 10.9.9.9",
		  "198.51.100.1" },
		{ "2001:db8::1", "[2001:4::5]:443", "2001:4::5" },
		{ "127.0.0.1", "198.51.100.1:4711", "198.51.100.1" },
		{ "127.0.0.1", "2001:4::5", "2001:4::5" },
		/* All are ours: the first of them. */
		{ "127.0.0.1", "10.1.1.1, 10.2.2.2", "10.1.1.1" },
		{ "127.0.0.1", "unknown", "127.0.0.1" },
		{ "127.0.0.1", "198.51.100.1, ", "127.0.0.1" },
		{ "127.0.0.1", "198.51.100.1, x\" y", "127.0.0.1" },
		{ "", "198.51.100.1", "" },
	};
	struct arena *a = arena_new();
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(client_addr(a, rows[i].peer,
						rows[i].forwarded, trust, 3),
				    rows[i].want);
	assert_string_equal(client_addr(a, "127.0.0.1", "198.51.100.1", NULL,
					0), "127.0.0.1");
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(networks_are_read_and_hold),
		cmocka_unit_test(the_last_that_is_not_trusted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
