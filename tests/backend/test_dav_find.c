/* The DAV driver against a scripted server: finding collections, names,
 * logins, whom the password goes to, time. */
#include "tests/backend/helper_dav.h"

/* ---- discovery -----------------------------------------------------------------*/

static struct folder *v;
static size_t n;

static bool
list(void)
{
	v = NULL;
	n = 0;
	return source_list(s, a, &v, &n, &e);
}

static struct folder *
find(const char *remote)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (span_eq(v[i].remote, span_of(remote)))
			return &v[i];
	return NULL;
}

/* 404 at the address, a redirect at .well-known, a principal, two homes of
 * one service, all kinds of things in them. */
static void
the_long_way(void **state)
{
	struct folder *d;

	(void)state;
	on("PROPFIND", "/.well-known/carddav", "404 Not Found", NULL);
	once("PROPFIND", "/.well-known/caldav", "301 Moved",
	     "Location: /dav/\r\n", NULL);
	on("PROPFIND", "/dav/", "207 Multi-Status",
	   MULTI(RESP("/dav/", "<d:current-user-principal><d:href>/p/anna/"
			       "</d:href></d:current-user-principal>")));
	on("PROPFIND", "/p/anna/", "207 Multi-Status",
	   MULTI(RESP("/p/anna/", "<c:calendar-home-set><d:href>/h1/</d:href>"
				  "<d:href>/h2/</d:href></c:calendar-home-set>"
				  "<r:addressbook-home-set><d:href>/h3"
				  "</d:href></r:addressbook-home-set>")));
	on("PROPFIND", "/h1/", "207 Multi-Status",
	   MULTI(RESP("/h1/", "<d:resourcetype><d:collection/>"
			      "</d:resourcetype>")
		 RESP("/h1/zz/", CAL VEVENT_ONLY MAY_WRITE
		      "<d:displayname>A &amp; B</d:displayname>"
		      "<d:resource-id><d:href>urn:uuid:1</d:href>"
		      "</d:resource-id>")
		 RESP("/h1/aa%2fb", CAL VEVENT_ONLY MAY_READ)
		 RESP("/h1/in/", "<d:resourcetype><d:collection/>"
		      "<c:schedule-inbox/></d:resourcetype>"
		      "<c:schedule-default-calendar-URL><d:href>/h1/zz"
		      "</d:href></c:schedule-default-calendar-URL>")
		 RESP("/h1/trash/", "<d:resourcetype><d:collection/><c:calendar/>"
		      "<x:deleted-calendar xmlns:x=\"http://nextcloud.com/ns\"/>"
		      "</d:resourcetype>")
		 RESP("/h1/plain/", "<d:resourcetype><d:collection/>"
		      "</d:resourcetype>")));
	on("PROPFIND", "/h2/", "403 Forbidden", NULL);
	on("PROPFIND", "/h3/", "207 Multi-Status",
	   MULTI(RESP("/h3/", "<d:resourcetype><d:collection/>"
			      "</d:resourcetype>")
		 RESP("/h3/z-server-generated--system/", BOOK)
		 RESP("/h3/b1/", BOOK) RESP("/h3/default/", BOOK)));
	OK(list());
	assert_int_equal(n, 4);
	d = find("/h1/zz/#VEVENT");
	assert_non_null(d);
	assert_int_equal(d->type, FOLDER_CALENDAR);
	assert_true(span_eq(d->name, SPAN("A & B")));
	assert_true(span_eq(d->objectid, SPAN("urn:uuid:1#VEVENT")));
	assert_false(d->read_only);
	d = find("/h1/aa%2Fb/#VEVENT");
	assert_non_null(d);
	assert_true(d->read_only);
	assert_int_equal(d->type, FOLDER_USER_CALENDAR);
	assert_true(span_eq(d->name, SPAN("aa/b")));
	assert_int_equal(find("/h3/default/")->type, FOLDER_CONTACTS);
	assert_int_equal(find("/h3/b1/")->type, FOLDER_USER_CONTACTS);
	/* Remembered: another list asks the homes alone. */
	fake_forget(f);
	on("PROPFIND", "/h1/", "207 Multi-Status", MULTI(RESP("/h1/", CAL)));
	on("PROPFIND", "/h2/", "403 Forbidden", NULL);
	on("PROPFIND", "/h3/", "207 Multi-Status", MULTI(RESP("/h3/", BOOK)));
	OK(list());
	assert_int_equal(fake_seen(f, "PROPFIND", NULL, NULL), 3);
}

/* What is no whole listing never looks like an empty one. */
static void
no_listing_is_no_list(void **state)
{
	static const struct {
		const char *status, *headers, *body;
		unsigned flags;
		enum err_code code;
		enum err_scope scope;
	} cases[] = {
		{ "200 OK", "Content-Type: text/html\r\n",
		  "<html><body>Please log in</body></html>", 0, ERR_PEER,
		  SCOPE_COLLECTION },
		{ "207 Multi-Status", NULL,
		  "<html><body>Please log in</body></html>", 0, ERR_PEER,
		  SCOPE_COLLECTION },
		{ "207 Multi-Status", NULL, "", 0, ERR_PEER,
		  SCOPE_COLLECTION },
		{ "207 Multi-Status", NULL, MULTI(""), 0, ERR_PEER,
		  SCOPE_COLLECTION },
		{ "207 Multi-Status", NULL, MULTI(RESP("/h/", BOOK)),
		  FAKE_CUT, ERR_UNAVAILABLE, SCOPE_ACCOUNT },
		{ "207 Multi-Status", NULL,
		  "<d:multistatus xmlns:d=\"DAV:\"><d:response><d:href>/h/"
		  "</d:href></d:response>", 0, ERR_PEER, SCOPE_COLLECTION },
		{ "207 Multi-Status", NULL,
		  "<d:multistatus xmlns:d=\"DAV:\"><d:response></d:multi>", 0,
		  ERR_PEER, SCOPE_COLLECTION },
		{ "207 Multi-Status", NULL,
		  MULTI(RESP("/h/", BOOK) STATUS("/h/", "507 Insufficient")),
		  0, ERR_PEER, SCOPE_COLLECTION },
		{ "500 Oops", NULL, NULL, 0, ERR_UNAVAILABLE,
		  SCOPE_COLLECTION },
		{ "503 Busy", NULL, NULL, 0, ERR_UNAVAILABLE, SCOPE_ACCOUNT },
		{ "429 Slowly", NULL, NULL, 0, ERR_UNAVAILABLE,
		  SCOPE_ACCOUNT },
		{ "401 No", "WWW-Authenticate: Basic realm=\"x\"\r\n", NULL,
		  0, ERR_DENIED, SCOPE_ACCOUNT },
		{ "404 Not Found", NULL, NULL, 0, ERR_NOT_FOUND,
		  SCOPE_COLLECTION },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		fake_forget(f);
		homes_at("/h/", "/h/");
		fake_rule(f, (struct fake_rule){
				     .path = "/h/",
				     .status = cases[i].status,
				     .headers = cases[i].headers,
				     .body = cases[i].body,
				     .flags = cases[i].flags });
		source_close(&s);
		s = open_in(60000);
		memset(&e, 0, sizeof(e));
		assert_false(list());
		if (e.code != cases[i].code || e.scope != cases[i].scope)
			fail_msg("case %zu: %s/%d: %s", i, err_name(e.code),
				 e.scope, e.text);
	}
}

/* A busy server must not look like one without calendars. */
static void
missing_or_busy(void **state)
{
	(void)state;
	on("PROPFIND", "/", "207 Multi-Status",
	   MULTI(RESP("/", "<r:addressbook-home-set><d:href>/h/</d:href>"
			   "</r:addressbook-home-set>")));
	on("PROPFIND", "/h/", "207 Multi-Status", MULTI(RESP("/h/b/", BOOK)));
	once("PROPFIND", "/.well-known/caldav", "503 Busy", NULL, NULL);
	FAILS(list(), ERR_UNAVAILABLE, SCOPE_ACCOUNT);
	once("PROPFIND", "/.well-known/caldav", "207 Multi-Status", NULL,
	     "<d:multistatus xmlns:d=\"DAV:\"><d:resp");
	FAILS(list(), ERR_PEER, SCOPE_COLLECTION);
	OK(list()); /* 404: there is none */
	assert_int_equal(n, 1);
}

static void
nothing_there(void **state)
{
	(void)state;
	FAILS(list(), ERR_NOT_FOUND, SCOPE_ACCOUNT);
	assert_non_null(strstr(e.text, "address books"));
}

/* The password does not go to another host, by no way. */
static void
the_password_stays(void **state)
{
	char *there = arena_printf(a, "http://localhost:%u/", fake_port(f));
	char *header = arena_printf(a, "Location: %s\r\n", there);
	struct harvest h;

	(void)state;
	fake_rule(f, (struct fake_rule){ .contains = "Host: localhost",
					 .status = "207 Multi-Status",
					 .body = MULTI(RESP("/", BOOK)) });
	once("PROPFIND", "/", "301 Moved", header, NULL);
	FAILS(list(), ERR_PEER, SCOPE_ACCOUNT);
	assert_non_null(strstr(e.text, "localhost"));
	homes_at(there, there);
	FAILS(list(), ERR_PEER, SCOPE_ACCOUNT);
	FAILS(source_changes(s, span_of(there), SPAN_NONE, a, &h, &e),
	      ERR_PEER, SCOPE_ACCOUNT);
	assert_int_equal(fake_seen(f, "Host: localhost", NULL, NULL), 0);
}

static void
circles_end(void **state)
{
	(void)state;
	fake_rule(f, (struct fake_rule){ .path = "/", .status = "302 Found",
					 .headers = "Location: /x\r\n" });
	fake_rule(f, (struct fake_rule){ .path = "/x", .status = "302 Found",
					 .headers = "Location: /\r\n" });
	FAILS(list(), ERR_PEER, SCOPE_ACCOUNT);
	assert_in_range(fake_seen(f, NULL, NULL, NULL), 2, 60);
}

static void
trust(void **state)
{
	static const struct {
		const char *known, *to;
		bool ok;
	} cases[] = {
		{ "https://a.example.org/", "https://a.example.org:8443/", 1 },
		{ "https://caldav.icloud.com/", "https://p42-caldav.icloud.com/",
		  1 },
		{ "https://example.org/", "https://dav.example.org/x", 1 },
		{ "https://A.Example.ORG/", "https://a.example.org/", 1 },
		{ "https://a.co.uk/", "https://b.co.uk/", 0 },
		{ "https://one.github.io/", "https://two.github.io/", 0 },
		{ "https://a.example.org/", "http://a.example.org/", 0 },
		{ "https://a.example.org/", "https://a.example.com/", 0 },
		{ "https://10.0.0.1/", "https://10.0.0.2/", 0 },
		{ "https://a.example.org/", "https://a.example.org@evil.test/",
		  0 },
		{ "http://10.0.0.1/", "http://10.0.0.1:81/", 1 },
		{ "http://a.example.org/", "http://b.example.org/", 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct dav d = { .conf = { .url = cases[i].known } };

		if (dav_trusts(&d, cases[i].to) != cases[i].ok)
			fail_msg("%s -> %s", cases[i].known, cases[i].to);
	}
}

static void
spellings(void **state)
{
	static const char *const cases[][2] = {
		{ "/a%40b/%7euser/x%2fy.ics", "/a@b/~user/x%2Fy.ics" },
		{ "/a b/\xC3\xBC.vcf", "/a%20b/%C3%BC.vcf" },
		{ "/a+b=c;d&e.vcf", "/a%2Bb%3Dc%3Bd%26e.vcf" },
		{ "/100%/x.ics?query#frag", "/100%25/x.ics" },
		{ "http://127.0.0.1:1/x/../y.ics", "/y.ics" },
		{ "rel.ics", "/base/rel.ics" },
		{ "/a/.%2e/b.ics", "/b.ics" },
		{ "/.//evil/b.ics", "/evil/b.ics" },
		{ "/.hidden/..x.ics", "/.hidden/..x.ics" },
		{ " /blank.ics\n", "/blank.ics" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct span p = dav_path(a, "http://127.0.0.1:1/base/",
					 span_of(cases[i][0]));

		if (!span_eq(p, span_of(cases[i][1])))
			fail_msg("%s: " SPAN_FMT, cases[i][0], SPAN_ARG(p));
		assert_true(span_eq(dav_path(a, "http://127.0.0.1:1/", p),
				    p));
	}
	assert_null(dav_url(a, "https://h/", SPAN("file:///etc/passwd")));
	assert_null(dav_url(a, "https://h/", SPAN("")));
}

/* SRV answers as a resolver gives them (RFC 2782). */
static void
dns_answers(void **state)
{
	static const unsigned char msg[] =
		"\x12\x34\x81\x80\0\1\0\3\0\0\0\0"
		"\x08_caldavs\x04_tcp\x04test\0\0\x21\0\1"
		"\xC0\x0C\0\x21\0\1\0\0\0\x10\0\x0E\0\x0A\0\0\1\xBB"
		"\x05later\xC0\x1A"
		"\xC0\x0C\0\x21\0\1\0\0\0\x10\0\x0D\0\1\0\1\1\xBC"
		"\x04less\xC0\x1A"
		"\xC0\x0C\0\x21\0\1\0\0\0\x10\0\x0D\0\1\0\5\1\xBB"
		"\x04here\xC0\x1A";
	static const unsigned char txt[] =
		"\x12\x34\x81\x80\0\1\0\1\0\0\0\0"
		"\x01x\x04test\0\0\x10\0\1"
		"\xC0\x0C\0\x10\0\1\0\0\0\x10\0\x0A\x09path=/dav";
	size_t i;

	(void)state;
	assert_string_equal(dav_srv_read(a, msg, sizeof(msg) - 1, "/p"),
			    "https://here.test:443/p");
	assert_true(span_eq(dav_srv_path(a, txt, sizeof(txt) - 1),
			    SPAN("/dav")));
	for (i = 0; i < sizeof(msg) - 1; i++)
		dav_srv_read(a, msg, i, "/"); /* no crash on half of it */
	for (i = 0; i < sizeof(txt) - 1; i++)
		dav_srv_path(a, txt, i);
}

/* ---- logins --------------------------------------------------------------------*/

static void
digest_is_kept(void **state)
{
	struct harvest h;

	(void)state;
	fake_rule(f, (struct fake_rule){
			     .contains = "Authorization: Digest",
			     .status = "207 Multi-Status",
			     .body = MULTI(RESP("/c/", BOOK TOKEN("1"))) });
	fake_rule(f, (struct fake_rule){
			     .status = "401 Who",
			     .headers = "WWW-Authenticate: Digest realm=\"r\","
					" nonce=\"n\", qop=\"auth\"\r\n"
					"WWW-Authenticate: Basic realm=\"r\""
					"\r\n" });
	OK(source_changes(s, BK, SPAN_NONE, a, &h, &e));
	/* 401, state, a REPORT it does not answer well, PROPFIND */
	assert_int_equal(fake_seen(f, NULL, NULL, NULL), 4);
	OK(source_changes(s, BK, SPAN_NONE, a, &h, &e));
	/* No second round trip any more, and never in the clear. */
	assert_int_equal(fake_seen(f, NULL, NULL, NULL), 7);
	assert_int_equal(fake_seen(f, "Authorization: Basic", NULL, NULL), 0);
}

static void
basic_is_kept(void **state)
{
	struct harvest h;

	(void)state;
	conf.username = "other";
	source_close(&s);
	s = open_in(60000);
	fake_rule(f, (struct fake_rule){ /* other:secret */
			     .contains = "Basic b3RoZXI6c2VjcmV0",
			     .status = "207 Multi-Status",
			     .body = MULTI(RESP("/c/", BOOK)) });
	fake_rule(f, (struct fake_rule){
			     .status = "401 Who",
			     .headers = "WWW-Authenticate: Basic realm=\"r\""
					"\r\n" });
	OK(source_changes(s, BK, SPAN_NONE, a, &h, &e));
	OK(source_changes(s, BK, SPAN_NONE, a, &h, &e));
	assert_int_equal(fake_seen(f, NULL, NULL, NULL), 7);
}

static void
strangers_are_shown_less(void **state)
{
	(void)state;
	fake_rule(f, (struct fake_rule){
			     .path = "/", .contains = "Authorization: Basic",
			     .status = "207 Multi-Status",
			     .body = MULTI(RESP("/", "<r:addressbook-home-set>"
						"<d:href>/h/</d:href>"
						"</r:addressbook-home-set>")) });
	on("PROPFIND", "/", "207 Multi-Status",
	   MULTI(RESP("/", "<d:current-user-principal><d:unauthenticated/>"
			   "</d:current-user-principal>")));
	on("PROPFIND", "/h/", "207 Multi-Status", MULTI(RESP("/h/b/", BOOK)));
	OK(list());
	assert_int_equal(n, 1);
}

/* ---- time ----------------------------------------------------------------------*/

static void
the_deadline_holds(void **state)
{
	struct harvest h;
	int64_t start = clock_mono_ms();

	(void)state;
	fake_rule(f, (struct fake_rule){ .status = "207 Multi-Status",
					 .body = MULTI(RESP("/c/", BOOK)),
					 .flags = FAKE_SLOW });
	source_deadline(s, start + 400);
	FAILS(source_changes(s, BK, SPAN_NONE, a, &h, &e), ERR_UNAVAILABLE,
	      SCOPE_ACCOUNT);
	assert_in_range(clock_mono_ms() - start, 300, 2900);
}

static void
retry_after(void **state)
{
	struct harvest h;
	size_t before;

	(void)state;
	once("PROPFIND", "/c/", "503 Busy", "Retry-After: 1\r\n", NULL);
	once("PROPFIND", "/c/", "207 Multi-Status", NULL,
	     MULTI(RESP("/c/", BOOK)));
	once("PROPFIND", "/c/", "207 Multi-Status", NULL,
	     MULTI(RESP("/c/", BOOK)));
	OK(source_changes(s, BK, SPAN_NONE, a, &h, &e));
	once("PROPFIND", "/c/", "503 Busy", "Retry-After: 100\r\n", NULL);
	FAILS(source_changes(s, BK, SPAN_NONE, a, &h, &e), ERR_UNAVAILABLE,
	      SCOPE_ACCOUNT);
	before = fake_seen(f, NULL, NULL, NULL);
	FAILS(source_changes(s, BK, SPAN_NONE, a, &h, &e), ERR_UNAVAILABLE,
	      SCOPE_ACCOUNT);
	assert_int_equal(fake_seen(f, NULL, NULL, NULL), before);
}

/* ---- TLS -----------------------------------------------------------------------*/

#define PKI "build/tmp/test_dav_find"

static bool
over_tls(const char *host, const char *ca, bool verify)
{
	struct source_conf keep = conf;
	struct source *t;
	struct harvest h;
	bool ok;

	snprintf(url, sizeof(url), "https://%s:%u/", host, fake_port(f));
	conf.ca_file = ca;
	conf.verify = verify;
	memset(&e, 0, sizeof(e));
	t = open_in(60000);
	conf = keep;
	ok = source_changes(t, BK, SPAN_NONE, a, &h, &e);
	source_close(&t);
	return ok;
}

static void
certificates(void **state)
{
	(void)state;
	if (system("mkdir -p " PKI " && cd " PKI " && openssl req -x509 -newkey "
		   "ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "
		   "srv.key -out chain.pem -days 2 -subj /CN=localhost "
		   "-addext subjectAltName=DNS:localhost 2>/dev/null") != 0)
		fail_msg("openssl");
	fake_down(&f);
	f = fake_up(PKI);
	on(NULL, NULL, "207 Multi-Status", MULTI(RESP("/c/", BOOK)));
	OK(over_tls("localhost", PKI "/chain.pem", true));
	/* Basic goes along at once: no 401 first. */
	assert_int_equal(fake_seen(f, "Authorization: Basic", NULL, NULL), 3);
	assert_false(over_tls("localhost", NULL, true));
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	assert_int_equal(e.scope, SCOPE_ACCOUNT);
	assert_non_null(strstr(e.text, "certificate"));
	assert_false(over_tls("127.0.0.1", PKI "/chain.pem", true));
	assert_int_equal(fake_seen(f, NULL, NULL, NULL), 2);
	OK(over_tls("127.0.0.1", NULL, false));
}

/* Baikal's way: Basic is refused, Digest alone is offered. */
static void
digest_over_tls(void **state)
{
	(void)state;
	fake_down(&f);
	f = fake_up(PKI);
	fake_rule(f, (struct fake_rule){
			     .contains = "Authorization: Digest",
			     .status = "207 Multi-Status",
			     .body = MULTI(RESP("/c/", BOOK)) });
	fake_rule(f, (struct fake_rule){
			     .status = "401 Who",
			     .headers = "WWW-Authenticate: Digest realm=\"r\","
					" nonce=\"n\", qop=\"auth\"\r\n" });
	OK(over_tls("localhost", PKI "/chain.pem", true));
	assert_int_equal(fake_seen(f, "Authorization: Basic", NULL, NULL), 1);
}

/* A home that is named is taken, whoever the principal is. */
static void
a_named_home(void **state)
{
	struct source_conf keep = conf;
	char there[120];

	(void)state;
	snprintf(there, sizeof(there), "%sother/{login}/", url);
	conf.url = NULL;
	conf.calendars_url = there;
	source_close(&s);
	s = open_in(60000);
	conf = keep;
	fake_rule(f, (struct fake_rule){
			     .path = "/other/anna/", .contains = "Depth: 0",
			     .status = "207 Multi-Status",
			     .body = MULTI(RESP("/other/anna/",
				"<d:resourcetype><d:collection/>"
				"</d:resourcetype><d:current-user-principal>"
				"<d:href>/p/</d:href>"
				"</d:current-user-principal>")) });
	once("PROPFIND", "/other/anna/", "503 Busy", NULL, NULL);
	on("PROPFIND", "/other/anna/", "207 Multi-Status",
	   MULTI(RESP("/other/anna/", "<d:resourcetype/>")
		 RESP("/other/anna/x/", CAL VEVENT_ONLY)));
	FAILS(list(), ERR_UNAVAILABLE, SCOPE_ACCOUNT);
	OK(list());
	assert_int_equal(n, 1);
	assert_non_null(find("/other/anna/x/#VEVENT"));
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(the_long_way),
		T(no_listing_is_no_list),
		T(missing_or_busy),
		T(nothing_there),
		T(the_password_stays),
		T(circles_end),
		T(trust),
		T(spellings),
		T(dns_answers),
		T(digest_is_kept),
		T(basic_is_kept),
		T(strangers_are_shown_less),
		T(the_deadline_holds),
		T(retry_after),
		T(certificates),
		T(digest_over_tls),
		T(a_named_home),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
