/* The DAV driver against a scripted server: changes, objects and collections
 * where real servers seldom show them. */
#include "tests/backend/helper_dav.h"

/* ---- what changed --------------------------------------------------------------*/

static struct harvest
changes(struct span coll, const char *cursor)
{
	struct harvest h = { 0 };

	OK(source_changes(s, coll, span_of(cursor), a, &h, &e));
	return h;
}

static void
pages(void **state)
{
	struct harvest h;

	(void)state;
	fake_rule(f, (struct fake_rule){
			     .contains = "<d:sync-token>1</d:sync-token>",
			     .status = "207 Multi-Status",
			     .body = MULTI(RESP("/c/a.vcf", ETAG("a"))
					   STATUS("/c", "507 Insufficient")
					   STATUS("/c/g.vcf", "404 Gone")
					   TOKEN("2&lt;")) });
	fake_rule(f, (struct fake_rule){
			     .contains = "<d:sync-token>2&lt;</d:sync-token>",
			     .status = "207 Multi-Status",
			     .body = MULTI(RESP("/c/b.vcf", ETAG("b"))
					   TOKEN("3")) });
	h = changes(BK, "s 1");
	assert_int_equal(h.scope, HARVEST_DELTA);
	assert_true(h.partial);
	assert_int_equal(h.n_puts, 1);
	assert_int_equal(h.n_gone, 1);
	assert_true(span_eq(h.cursor, SPAN("s 2<")));
	h = changes(BK, "s 2<");
	assert_false(h.partial);
	assert_int_equal(h.n_puts, 1);
	assert_true(span_eq(h.puts[0].etag, SPAN("\"b\"")));
	assert_true(span_eq(h.cursor, SPAN("s 3")));
	assert_int_equal(fake_seen(f, "Depth: 0", NULL, NULL), 2);
}

static void
whole_listing(void)
{
	on("PROPFIND", "/c/", "207 Multi-Status",
	   MULTI(RESP("/c/", BOOK TOKEN("9") ETAG("c"))
		 RESP("/c/sub/", BOOK ETAG("s"))
		 RESP("http://other.test/c/%61.vcf", ETAG("a"))
		 RESP("/c/b.vcf", ETAG("b"))
		 STATUS("/c/hidden.vcf", "403 Forbidden")));
}

/* Each way to say "that token is none" leads to a full listing; a page that
 * leads nowhere does too. */
static void
tokens_expire(void **state)
{
	static const struct {
		const char *status, *body;
	} cases[] = {
		{ "403 Forbidden", "<d:error xmlns:d=\"DAV:\">"
				   "<d:valid-sync-token/></d:error>" },
		{ "409 Conflict", NULL },
		{ "410 Gone", NULL },
		{ "412 Precondition Failed", NULL },
		{ "400 Bad", NULL },
		{ "507 Insufficient", NULL },
		{ "500 Oops", NULL },
		{ "501 Not Implemented", NULL },
		{ "207 Multi-Status", MULTI(RESP("/c/x.vcf", ETAG("x"))) },
		{ "207 Multi-Status",
		  MULTI(STATUS("/c/", "507 Cut") TOKEN("1")) },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct harvest h;

		fake_forget(f);
		on("REPORT", "/c/", cases[i].status, cases[i].body);
		whole_listing();
		h = changes(BK, "s 1");
		assert_int_equal(h.scope, HARVEST_FULL);
		assert_int_equal(h.n_puts, 2);
		assert_int_equal(h.n_gone, 0);
		assert_true(span_eq(h.puts[0].remote, SPAN("/c/a.vcf")));
		assert_true(span_eq(h.puts[1].remote, SPAN("/c/b.vcf")));
		assert_true(span_eq(h.cursor, SPAN("s 9")));
	}
}

/* ... but trouble does not. */
static void
trouble_is_no_expiry(void **state)
{
	struct harvest h;

	(void)state;
	whole_listing();
	once("REPORT", "/c/", "503 Busy", NULL, NULL);
	FAILS(source_changes(s, BK, SPAN("s 1"), a, &h, &e), ERR_UNAVAILABLE,
	      SCOPE_ACCOUNT);
	once("REPORT", "/c/", "207 Multi-Status", NULL, "<d:multistatus");
	FAILS(source_changes(s, BK, SPAN("s 1"), a, &h, &e), ERR_PEER,
	      SCOPE_COLLECTION);
	fake_forget(f);
	on("PROPFIND", "/c/", "404 Not Found", NULL);
	FAILS(source_changes(s, BK, SPAN("s 1"), a, &h, &e), ERR_NOT_FOUND,
	      SCOPE_COLLECTION);
	fake_forget(f);
	on("PROPFIND", "/c/", "207 Multi-Status",
	   MULTI(STATUS("/c/", "404 Not Found")));
	FAILS(source_changes(s, BK, SPAN_NONE, a, &h, &e), ERR_NOT_FOUND,
	      SCOPE_COLLECTION);
}

static void
dead_and_alive(void **state)
{
	struct harvest h;

	(void)state;
	on("REPORT", "/c/", "207 Multi-Status",
	   MULTI(STATUS("/c/back.vcf", "404 Gone")
		 RESP("/c/back.vcf", ETAG("2"))
		 RESP("/c/away.vcf", ETAG("1"))
		 STATUS("/c/away.vcf", "404 Gone")
		 "<d:response><d:href>/c/old.vcf</d:href><d:propstat><d:prop>"
		 "<d:getetag/></d:prop><d:status>HTTP/1.1 404 Not Found"
		 "</d:status></d:propstat></d:response>" TOKEN("2")));
	h = changes(BK, "s 1");
	assert_int_equal(h.n_puts, 1);
	assert_true(span_eq(h.puts[0].remote, SPAN("/c/back.vcf")));
	assert_int_equal(h.n_gone, 2);
	assert_true(span_eq(h.gone[0], SPAN("/c/away.vcf")));
	assert_true(span_eq(h.gone[1], SPAN("/c/old.vcf")));
}

static void
tokens_of_seconds(void **state)
{
	struct harvest h;

	(void)state;
	on("REPORT", "/c/", "207 Multi-Status", MULTI(TOKEN("1763700001")));
	h = changes(BK, "s 1763700000");
	assert_true(span_eq(h.cursor, SPAN("s 1763700001")));
	assert_int_equal(fake_seen(f, ">1763699999<", NULL, NULL), 1);
}

#define MANY 50000

/* As many as a large address book of a company has. */
static void
many_objects(void **state)
{
	struct buf b = BUF_INIT(64u << 20);
	struct harvest h;
	int64_t start;
	size_t i;

	(void)state;
	buf_str(&b, "<d:multistatus xmlns:d=\"DAV:\">");
	for (i = 0; i < MANY; i++)
		buf_printf(&b, "<d:response><d:href>/c/%zu.vcf</d:href>"
			   "<d:propstat><d:prop><d:getetag>&quot;%zu&quot;"
			   "</d:getetag></d:prop><d:status>HTTP/1.1 200 OK"
			   "</d:status></d:propstat></d:response>"
			   "<d:response><d:href>/c/g%zu.vcf</d:href><d:status>"
			   "HTTP/1.1 404 Gone</d:status></d:response>",
			   i, i, i);
	buf_str(&b, "<d:sync-token>2</d:sync-token></d:multistatus>");
	buf_byte(&b, '\0');
	on("REPORT", "/c/", "207 Multi-Status", b.p);
	start = clock_mono_ms();
	h = changes(BK, "s 1");
	print_message("%d changes, %zu KB: %d ms, %zu KB kept\n", 2 * MANY,
		      b.n >> 10, (int)(clock_mono_ms() - start),
		      arena_size(a) >> 10);
	buf_free(&b);
	assert_int_equal(h.n_puts, MANY);
	assert_int_equal(h.n_gone, MANY);
	assert_true(span_eq(h.puts[MANY - 1].etag, SPAN("\"49999\"")));
}

static void
without_tokens(void **state)
{
	struct harvest h;
	struct folder_status st;
	struct span coll = BK;

	(void)state;
	fake_rule(f, (struct fake_rule){
			     .contains = "Depth: 0", .times = 4,
			     .status = "207 Multi-Status",
			     .body = MULTI(RESP("/c/", BOOK "<s:getctag>x y"
						"</s:getctag>")) });
	on("PROPFIND", "/c/", "207 Multi-Status",
	   MULTI(RESP("/c/", BOOK) RESP("/c/a.vcf", ETAG("a"))));
	h = changes(BK, "");
	assert_int_equal(h.scope, HARVEST_FULL);
	assert_true(span_eq(h.cursor, SPAN("c x y")));
	assert_int_equal(h.n_puts, 1);
	h = changes(BK, "c x y");
	assert_int_equal(h.scope, HARVEST_DELTA);
	assert_int_equal(h.n_puts + h.n_gone, 0);
	assert_true(span_eq(h.cursor, SPAN("c x y")));
	OK(source_status_round(s, &coll, 1, a, &st, &e));
	assert_false(cursor_differs(SPAN("c x y"), &st));
	assert_true(cursor_differs(SPAN("c old"), &st));
	h = changes(BK, "c old");
	assert_int_equal(h.scope, HARVEST_FULL);
	fake_forget(f);
	on("PROPFIND", "/c/", "207 Multi-Status", MULTI(RESP("/c/", BOOK)));
	h = changes(BK, "n");
	assert_int_equal(h.scope, HARVEST_FULL);
	assert_true(span_eq(h.cursor, SPAN("n")));
	OK(source_status_round(s, &coll, 1, a, &st, &e));
	assert_true(cursor_differs(SPAN("n"), &st));
}

/* All of an address book as what changed since no token at all; what comes in
 * pages is listed by PROPFIND, or the first page would bury the others. */
static void
a_whole_book(void **state)
{
	static const char *const last[] = {
		"", STATUS("/c/", "507 Insufficient"),
	};
	struct harvest h;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		fake_forget(f);
		fake_rule(f, (struct fake_rule){
				     .contains = "<d:sync-token></d:sync-token>",
				     .status = "207 Multi-Status",
				     .body = arena_printf(a, MULTI(
					     RESP("/c/a.vcf", ETAG("a"))
					     STATUS("/c/g.vcf", "404 Gone")
					     "%s" TOKEN("10")), last[i]) });
		whole_listing();
		h = changes(BK, "");
		assert_int_equal(h.scope, HARVEST_FULL);
		assert_false(h.partial);
		assert_int_equal(h.n_gone, 0);
		assert_int_equal(h.n_puts, i == 0 ? 1 : 2);
		assert_true(span_eq(h.cursor,
				    i == 0 ? SPAN("s 10") : SPAN("s 9")));
		assert_int_equal(fake_seen(f, "Depth: 1", NULL, NULL), i);
	}
}

/* One kind of a calendar; a query that is refused or cut short falls back. */
static void
kinds(void **state)
{
	static const char *const refusals[] = { "403 No", "500 Oops",
						"400 Bad", "501 No" };
	struct harvest h;
	size_t i;

	(void)state;
	fake_rule(f, (struct fake_rule){ .method = "PROPFIND",
					 .contains = "Depth: 0",
					 .status = "207 Multi-Status",
					 .body = MULTI(RESP("/k/", CAL)) });
	once("REPORT", "/k/", "207 Multi-Status", NULL, MULTI(""));
	h = changes(EV, "");
	assert_int_equal(h.n_puts, 0); /* no events is an answer */
	assert_int_equal(fake_seen(f, "comp-filter name=\"VEVENT\"", NULL,
				   NULL), 1);
	on("PROPFIND", "/k/", "207 Multi-Status",
	   MULTI(RESP("/k/", CAL) RESP("/k/a.ics", ETAG("a"))));
	for (i = 0; i < 4; i++) {
		once("REPORT", "/k/", refusals[i], NULL, NULL);
		h = changes(EV, "");
		assert_int_equal(h.n_puts, 1);
	}
	once("REPORT", "/k/", "207 Multi-Status", NULL,
	     MULTI(RESP("/k/z.ics", ETAG("z")) STATUS("/k/", "507 Cut")));
	h = changes(EV, "");
	assert_int_equal(h.n_puts, 1);
	assert_true(span_eq(h.puts[0].remote, SPAN("/k/a.ics")));
	once("REPORT", "/k/", "503 Busy", NULL, NULL);
	FAILS(source_changes(s, EV, SPAN_NONE, a, &h, &e), ERR_UNAVAILABLE,
	      SCOPE_ACCOUNT);
}

static void
one_look_at_a_home(void **state)
{
	struct span remotes[4] = { SPAN("/h/a/"), SPAN("/h/b/#VEVENT"),
				   SPAN("/h/b/#VTODO"), SPAN("/h/gone/") };
	struct folder_status st[4];

	(void)state;
	fake_rule(f, (struct fake_rule){
			     .path = "/h/", .contains = "Depth: 1",
			     .status = "207 Multi-Status",
			     .body = MULTI(RESP("/h/", "<d:resourcetype/>")
					   RESP("/h/a", BOOK TOKEN("1"))
					   RESP("/h/b/", CAL TOKEN("2"))) });
	OK(source_status_round(s, remotes, 4, a, st, &e));
	assert_int_equal(fake_seen(f, NULL, NULL, NULL), 2);
	assert_false(cursor_differs(SPAN("s 1"), &st[0]));
	assert_false(cursor_differs(SPAN("s 2"), &st[1]));
	assert_true(cursor_differs(SPAN("s 3"), &st[2]));
	assert_false(st[3].found);
	fake_forget(f);
	on("PROPFIND", "/h/a/", "503 Busy", NULL);
	FAILS(source_status_round(s, remotes, 4, a, st, &e), ERR_UNAVAILABLE,
	      SCOPE_ACCOUNT);
}

/* ---- fetching ------------------------------------------------------------------*/

#define DATA(href, e, text)                                                  \
	RESP(href, "<d:getetag>\"" e "\"</d:getetag><r:address-data>" text   \
		   "</r:address-data>")

static void
batches(void **state)
{
	struct object o[250];
	size_t i;

	(void)state;
	memset(o, 0, sizeof(o));
	for (i = 0; i < 250; i++)
		o[i].remote = span_of(arena_printf(a, "/c/%zu.vcf", i));
	fake_rule(f, (struct fake_rule){
			     .method = "REPORT", .contains = "/c/249.vcf<",
			     .status = "207 Multi-Status",
			     .body = MULTI(STATUS("/c/", "200 OK")
					   DATA("http://x.test/c/%32%34%39.vcf",
						"e",
						"A&amp;B\n&#13;\n<![CDATA[<C>]]>")
					   STATUS("/c/248.vcf", "404 Gone")) });
	on("REPORT", "/c/", "207 Multi-Status", MULTI(""));
	on("GET", "/c/7.vcf", "200 OK", "A\nB\r\n");
	fake_rule(f, (struct fake_rule){ .method = "GET", .path = "/c/8.vcf",
					 .status = "403 No" });
	OK(source_get(s, BK, o, 250, a, &e));
	assert_int_equal(fake_seen(f, "REPORT /c/", NULL, NULL), 3);
	assert_int_equal(fake_seen(f, "GET /c/", NULL, NULL), 248);
	assert_true(o[249].found);
	assert_true(span_eq(o[249].data, SPAN("A&B\r\n\r\n<C>")));
	assert_true(span_eq(o[249].etag, SPAN("\"e\"")));
	assert_false(o[248].found);
	assert_int_equal(fake_seen(f, "GET /c/248.vcf", NULL, NULL), 0);
	assert_true(o[7].found);
	assert_true(span_eq(o[7].data, SPAN("A\nB\r\n"))); /* as it is */
	assert_true(o[8].found);
	assert_int_equal(o[8].data.n, 0);
	assert_false(o[9].found);
}

struct poured {
	char remotes[200];
	size_t n, most;
};

static bool
take_poured(void *ctx, const struct object *o)
{
	struct poured *p = ctx;
	size_t used = strlen(p->remotes);

	assert_true(o->found);
	snprintf(p->remotes + used, sizeof(p->remotes) - used, SPAN_FMT " ",
		 SPAN_ARG(o->remote));
	assert_true(span_eq(o->data, SPAN("A\r\nB\r\n")));
	return ++p->n < p->most;
}

/* What lacks its text or its etag, and what is no object, is left to the
 * listing; an answer that is cut short says so. */
static void
all_at_once(void **state)
{
	struct poured p = { .most = 100 };

	(void)state;
	fake_rule(f, (struct fake_rule){
			     .method = "REPORT", .contains = "<r:filter/>",
			     .status = "207 Multi-Status", .times = 1,
			     .body = MULTI(RESP("/c/", BOOK ETAG("c"))
					   DATA("/c/a.vcf", "a", "A\nB\n")
					   RESP("/c/b.vcf", ETAG("b"))
					   RESP("/c/c.vcf", "<r:address-data>"
						"A</r:address-data>")
					   STATUS("/c/d.vcf", "404 Gone")
					   DATA("http://x.test/c/%65.vcf",
						"e", "A\nB\n")) });
	OK(source_pour(s, BK, take_poured, &p, &e));
	assert_string_equal(p.remotes, "/c/a.vcf /c/e.vcf ");
	fake_rule(f, (struct fake_rule){
			     .method = "REPORT", .contains = "<r:filter/>",
			     .status = "207 Multi-Status",
			     .body = MULTI(DATA("/c/a.vcf", "a", "A\nB\n")
					   DATA("/c/b.vcf", "b", "A\nB\n")
					   STATUS("/c/", "507 Cut")) });
	p = (struct poured){ .most = 100 };
	FAILS(source_pour(s, BK, take_poured, &p, &e), ERR_TOO_BIG,
	      SCOPE_COLLECTION);
	assert_int_equal(p.n, 2);
	p = (struct poured){ .most = 1 };
	source_pour(s, BK, take_poured, &p, &e);
	assert_int_equal(p.n, 1);
	fake_forget(f);
	on("REPORT", "/c/", "403 Forbidden", NULL);
	FAILS(source_pour(s, BK, take_poured, &p, &e), ERR_DENIED,
	      SCOPE_COLLECTION);
	assert_int_equal(p.n, 1);
}

static void
large_objects(void **state)
{
	struct object o[2] = { { .remote = SPAN("/c/1.vcf") },
			       { .remote = SPAN("/c/2.vcf") } };
	struct folder *v;
	size_t n;

	(void)state;
	fake_rule(f, (struct fake_rule){
			     .method = "REPORT", .filler = 20u << 20,
			     .status = "207 Multi-Status",
			     .body = MULTI(DATA("/c/1.vcf", "1", "{}")
					   DATA("/c/2.vcf", "2", "two")) });
	OK(source_get(s, BK, o, 2, a, &e));
	assert_true(o[0].found);
	assert_int_equal(o[0].data.n, 0);
	assert_true(span_eq(o[1].data, SPAN("two")));
	fake_forget(f);
	fake_rule(f, (struct fake_rule){ .method = "GET", .body = "{}",
					 .filler = 20u << 20,
					 .status = "200 OK" });
	OK(source_get(s, BK, o, 1, a, &e));
	assert_true(o[0].found);
	assert_int_equal(o[0].data.n, 0);
	/* 12 MB: more than libxml2 likes in one piece, but allowed. */
	fake_forget(f);
	fake_rule(f, (struct fake_rule){
			     .method = "REPORT", .filler = 12u << 20,
			     .status = "207 Multi-Status",
			     .body = MULTI(DATA("/c/1.vcf", "1", "{}")
					   DATA("/c/2.vcf", "2", "two")) });
	OK(source_get(s, BK, o, 2, a, &e));
	assert_int_equal(o[0].data.n, 12u << 20);
	/* An answer without end. */
	fake_forget(f);
	fake_rule(f, (struct fake_rule){
			     .status = "207 Multi-Status",
			     .filler = DAV_ANSWER_BYTES + 1000,
			     .body = MULTI("{}") });
	FAILS(source_list(s, a, &v, &n, &e), ERR_TOO_BIG, SCOPE_COLLECTION);
}

static void
a_login_page_for_an_object(void **state)
{
	struct object o = { .remote = SPAN("/c/1.vcf") };

	(void)state;
	once("GET", "/c/1.vcf", "200 OK", "Content-Type: text/html\r\n",
	     "<html>");
	FAILS(source_get(s, BK, &o, 1, a, &e), ERR_PEER, SCOPE_COLLECTION);
}

/* Servers convert cards for who does not ask for what they keep. */
static void
cards_as_kept(void **state)
{
	struct object o[2] = { { .remote = SPAN("/c/1.vcf") },
			       { .remote = SPAN("/c/2.vcf") } };

	(void)state;
	on("PROPFIND", "/c/", "207 Multi-Status",
	   MULTI(RESP("/c/", "<r:supported-address-data>"
		      "<r:address-data-type content-type=\"text/vcard\" "
		      "version=\"4.0\"/><r:address-data-type "
		      "content-type=\"text/vcard\" version=\"3.0\"/>"
		      "</r:supported-address-data>")));
	on("REPORT", "/c/", "207 Multi-Status", MULTI(DATA("/c/1.vcf", "1",
							   "x")));
	on("GET", "/c/2.vcf", "200 OK", "y");
	OK(source_get(s, BK, o, 2, a, &e));
	assert_int_equal(fake_seen(f, "REPORT", "version=\"4.0\"", NULL), 1);
	assert_int_equal(fake_seen(f, "GET",
				   "Accept: text/vcard; version=4.0", NULL),
			 1);
	OK(source_get(s, BK, o, 2, a, &e));
	assert_int_equal(fake_seen(f, "PROPFIND", NULL, NULL), 1);
}

static void
hostile_xml(void **state)
{
	static const char laughs[] =
		"<?xml version=\"1.0\"?><!DOCTYPE d [<!ENTITY a \"ha\">"
		"<!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">"
		"<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">]>"
		"<d:multistatus xmlns:d=\"DAV:\"><d:response><d:href>&c;"
		"</d:href></d:response></d:multistatus>";
	static const char file[] =
		"<?xml version=\"1.0\"?><!DOCTYPE d [<!ENTITY a SYSTEM "
		"\"file:///etc/passwd\">]><d:multistatus xmlns:d=\"DAV:\">"
		"<d:response><d:href>/c/&a;</d:href></d:response>"
		"</d:multistatus>";
	static const char unknown[] = MULTI(RESP("/c/&nbsp;", BOOK));
	const char *cases[4] = { laughs, file, unknown, NULL };
	struct buf deep = BUF_INIT(1u << 20);
	struct harvest h;
	size_t i;

	(void)state;
	buf_str(&deep, "<d:multistatus xmlns:d=\"DAV:\">");
	for (i = 0; i < 5000; i++)
		buf_str(&deep, "<d:response>");
	for (i = 0; i < 5000; i++)
		buf_str(&deep, "</d:response>");
	buf_str(&deep, "</d:multistatus>");
	buf_byte(&deep, '\0');
	cases[3] = deep.p;
	for (i = 0; i < 4; i++) {
		fake_forget(f);
		on("PROPFIND", "/c/", "207 Multi-Status", cases[i]);
		FAILS(source_changes(s, BK, SPAN_NONE, a, &h, &e), ERR_PEER,
		      SCOPE_COLLECTION);
	}
	buf_free(&deep);
}

/* ---- writing -------------------------------------------------------------------*/

static struct object o;

static bool
create(void)
{
	o = (struct object){ .data = SPAN(CARD) };
	return source_put(s, BK, KIND_CONTACT, SPAN("new"), &o, a, &e);
}

static bool
update(const char *etag)
{
	o = (struct object){ .data = SPAN(CARD), .remote = SPAN("/c/1.vcf"),
			     .etag = span_of(etag) };
	return source_put(s, BK, KIND_CONTACT, SPAN_NONE, &o, a, &e);
}

static void
made_elsewhere(void **state)
{
	(void)state;
	once("PUT", "/c/new.vcf", "201 Created",
	     "Location: /c/own%20name\r\n", NULL);
	once("GET", "/c/own%20name", "200 OK", "ETag: \"5\"\r\n",
	     "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:y\r\nEND:VCARD\r\n");
	OK(create());
	assert_int_equal(fake_seen(f, "PUT", "If-None-Match: *", NULL), 1);
	assert_true(span_eq(o.remote, SPAN("/c/own%20name")));
	assert_true(span_eq(o.etag, SPAN("\"5\"")));
	assert_true(span_find(o.data, SPAN("FN:y")) > 0);
	/* The same content in other line ends is the same. */
	once("PUT", "/c/new.vcf", "201 Created", NULL, NULL);
	once("GET", "/c/new.vcf", "200 OK", "ETag: \"6\"\r\n",
	     "BEGIN:VCARD\nVERSION:3.0\nFN:x\nEND:VCARD\n");
	OK(create());
	assert_true(span_eq(o.data, SPAN(CARD)));
	assert_true(span_eq(o.etag, SPAN("\"6\"")));
	/* A strong ETag is believed. */
	once("PUT", "/c/new.vcf", "201 Created", "ETag: \"7\"\r\n", NULL);
	OK(create());
	assert_true(span_eq(o.etag, SPAN("\"7\"")));
	/* A weak one is not. */
	once("PUT", "/c/new.vcf", "201 Created", "ETag: W/\"8\"\r\n", NULL);
	once("GET", "/c/new.vcf", "200 OK", "ETag: W/\"9\"\r\n", CARD);
	OK(create());
	assert_true(span_eq(o.etag, SPAN("W/\"9\"")));
	/* A redirect keeps method, condition and body. */
	once("PUT", "/c/new.vcf", "307 There", "Location: /d/new.vcf\r\n",
	     NULL);
	once("PUT", "/d/new.vcf", "201 Created", "ETag: \"10\"\r\n", NULL);
	OK(create());
	assert_true(span_eq(o.remote, SPAN("/d/new.vcf")));
	assert_int_equal(fake_seen(f, "PUT /d/new.vcf", "If-None-Match: *",
				   CARD), 1);
}

/* Where a lost answer is looked for: the name that the put would have got. */
static void
names_foretold(void **state)
{
	static const char *const colls[][2] = {
		{ "/c/", "/c/a%20b.vcf" },
		{ "https://p42.test:443/1/c/", "/1/c/a%20b.vcf" },
	};
	struct span p;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		p = object_path(a, span_of(colls[i][0]), KIND_CONTACT,
				SPAN("a b"));
		if (!span_eq(p, span_of(colls[i][1])))
			fail_msg(SPAN_FMT, SPAN_ARG(p));
	}
	p = object_path(a, EV, KIND_EVENT, SPAN("1"));
	assert_true(span_eq(p, SPAN("/k/1.ics")));
	once("PUT", "/c/new.vcf", "201 Created", "ETag: \"1\"\r\n", NULL);
	OK(create());
	assert_true(span_eq(o.remote, object_path(a, BK, KIND_CONTACT,
						  SPAN("new"))));
}

static void
weak_etags(void **state)
{
	(void)state;
	fake_rule(f, (struct fake_rule){ .method = "PUT",
					 .contains = "If-Match:",
					 .status = "412 No" });
	on("PROPFIND", "/c/1.vcf", "207 Multi-Status",
	   MULTI(RESP("/c/1.vcf", "<d:getetag>W/\"1\"</d:getetag>")));
	fake_rule(f, (struct fake_rule){ .method = "PUT",
					 .status = "204 Done",
					 .headers = "ETag: \"2\"\r\n" });
	OK(update("W/\"1\""));
	assert_int_equal(fake_seen(f, "PUT /c/1.vcf", NULL, NULL), 2);
	/* Another one by now: nobody's change is lost. */
	FAILS(update("W/\"0\""), ERR_CONFLICT, SCOPE_ITEM);
	FAILS(update("\"0\""), ERR_CONFLICT, SCOPE_ITEM);
	assert_int_equal(fake_seen(f, "PUT /c/1.vcf", NULL, NULL), 4);
	fake_rule(f, (struct fake_rule){ .method = "DELETE",
					 .contains = "If-Match: W/",
					 .status = "412 No" });
	fake_rule(f, (struct fake_rule){ .method = "DELETE",
					 .status = "204 Done" });
	OK(source_remove(s, BK, SPAN("/c/1.vcf"), SPAN("W/\"1\""), &e));
	FAILS(source_remove(s, BK, SPAN("/c/1.vcf"), SPAN("W/\"0\""), &e),
	      ERR_CONFLICT, SCOPE_ITEM);
}

static void
gone_meanwhile(void **state)
{
	(void)state;
	fake_rule(f, (struct fake_rule){ .contains = "If-Match:",
					 .status = "412 No" });
	on("PROPFIND", "/c/1.vcf", "404 Not Found", NULL);
	FAILS(update("\"1\""), ERR_NOT_FOUND, SCOPE_ITEM);
	OK(source_remove(s, BK, SPAN("/c/1.vcf"), SPAN("\"1\""), &e));
}

static void
refusals(void **state)
{
#define ERROR(x) "<d:error xmlns:d=\"DAV:\" "                                \
		 "xmlns:r=\"urn:ietf:params:xml:ns:carddav\">" x "</d:error>"
	static const struct {
		const char *status, *body, *may;
		enum err_code code;
		enum err_scope scope;
	} cases[] = {
		{ "412 No", NULL, NULL, ERR_CONFLICT, SCOPE_ITEM },
		{ "403 No", ERROR("<r:valid-address-data/>"), NULL,
		  ERR_INVALID, SCOPE_ITEM },
		{ "403 No", ERROR("<r:no-uid-conflict><d:href>/c/z.vcf"
				  "</d:href></r:no-uid-conflict>"), NULL,
		  ERR_CONFLICT, SCOPE_ITEM },
		{ "409 No", ERROR("<r:no-uid-conflict/>"), NULL,
		  ERR_CONFLICT, SCOPE_ITEM },
		{ "403 No", ERROR("<r:max-resource-size/>"), NULL,
		  ERR_TOO_BIG, SCOPE_ITEM },
		{ "403 No", ERROR("<d:need-privileges/>"), MAY_WRITE,
		  ERR_DENIED, SCOPE_COLLECTION },
		{ "403 No", NULL, MAY_READ, ERR_DENIED, SCOPE_COLLECTION },
		{ "403 No", NULL, NULL, ERR_DENIED, SCOPE_COLLECTION },
		{ "403 No", "<html>valid-address-data</html>", MAY_WRITE,
		  ERR_INVALID, SCOPE_ITEM },
		{ "400 No", NULL, NULL, ERR_INVALID, SCOPE_ITEM },
		{ "415 No", NULL, NULL, ERR_INVALID, SCOPE_ITEM },
		{ "413 No", NULL, NULL, ERR_TOO_BIG, SCOPE_ITEM },
		{ "507 No", NULL, NULL, ERR_QUOTA, SCOPE_COLLECTION },
		{ "423 No", NULL, NULL, ERR_UNAVAILABLE, SCOPE_ITEM },
		{ "404 No", NULL, NULL, ERR_NOT_FOUND, SCOPE_COLLECTION },
		{ "503 No", NULL, NULL, ERR_UNAVAILABLE, SCOPE_ACCOUNT },
		{ "207 Multi", MULTI("<d:response><d:href>/c/</d:href>"
				     "<d:propstat><d:prop/><d:status>HTTP/1.1 "
				     "412 No</d:status></d:propstat>"
				     "</d:response>"), NULL, ERR_CONFLICT,
		  SCOPE_ITEM },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		fake_forget(f);
		on("PUT", "/c/new.vcf", cases[i].status, cases[i].body);
		on("PROPFIND", "/c/", "207 Multi-Status",
		   arena_printf(a, MULTI(RESP("/c/", BOOK "%s")),
				cases[i].may ? cases[i].may : ""));
		memset(&e, 0, sizeof(e));
		assert_false(create());
		if (e.code != cases[i].code || e.scope != cases[i].scope)
			fail_msg("case %zu: %s/%d: %s", i, err_name(e.code),
				 e.scope, e.text);
		assert_int_equal(o.remote.n, 0);
	}
	/* 409 without a word is a missing collection, if it is missing. */
	fake_forget(f);
	on("PUT", "/c/new.vcf", "409 Conflict", NULL);
	FAILS(create(), ERR_NOT_FOUND, SCOPE_COLLECTION);
	FAILS((o.data = SPAN_NONE, source_put(s, BK, KIND_CONTACT, SPAN("x"),
					      &o, a, &e)),
	      ERR_INVALID, SCOPE_ITEM);
}

static void
removals(void **state)
{
	static const char *const fine[] = { "200 OK", "204 No", "202 Later",
					    "404 Gone", "410 Gone" };
	size_t i;

	(void)state;
	for (i = 0; i < 5; i++) {
		once("DELETE", "/c/1.vcf", fine[i], NULL, NULL);
		OK(source_remove(s, BK, SPAN("/c/1.vcf"), SPAN("\"1\""), &e));
	}
	once("DELETE", "/c/1.vcf", "207 Multi", NULL,
	     MULTI(STATUS("/c/1.vcf", "423 Locked")));
	FAILS(source_remove(s, BK, SPAN("/c/1.vcf"), SPAN_NONE, &e),
	      ERR_UNAVAILABLE, SCOPE_ITEM);
	once("DELETE", "/c/1.vcf", "403 No", NULL, NULL);
	FAILS(source_remove(s, BK, SPAN("/c/1.vcf"), SPAN_NONE, &e),
	      ERR_DENIED, SCOPE_COLLECTION);
}

/* ---- collections, busy times ---------------------------------------------------*/

static void
collections(void **state)
{
	struct span remote;

	(void)state;
	homes_at("/h/", "/h/");
	on("MKCALENDAR", NULL, "405 No", NULL);
	once("MKCOL", NULL, "201 Created", NULL, NULL);
	OK(source_create_coll(s, KIND_TASK, SPAN("abc"), SPAN("A<B"), a,
			      &remote, &e));
	assert_true(span_starts(remote, SPAN("/h/")));
	assert_true(span_ends_ci(remote, SPAN("/#VTODO")));
	assert_int_equal(fake_seen(f, "MKCOL", "A&lt;B", "VTODO"), 1);
	once("MKCOL", NULL, "507 Full", NULL, NULL);
	FAILS(source_create_coll(s, KIND_CONTACT, SPAN("abc"), SPAN("x"), a,
				 &remote, &e),
	      ERR_QUOTA, SCOPE_COLLECTION);
	/* Made before: by an earlier copy of the same command. */
	once("MKCOL", "/h/abc/", "405 No", NULL, NULL);
	on("PROPFIND", "/h/abc/", "207 Multi-Status", MULTI(RESP("/h/abc/",
								 BOOK)));
	FAILS(source_create_coll(s, KIND_CONTACT, SPAN("abc"), SPAN("x"), a,
				 &remote, &e),
	      ERR_EXISTS, SCOPE_COLLECTION);
	/* 207 says for each property whether it was done. */
	on("PROPPATCH", "/h/x/", "207 Multi-Status",
	   MULTI("<d:response><d:href>/h/x/</d:href><d:propstat><d:prop>"
		 "<d:displayname/></d:prop><d:status>HTTP/1.1 403 No"
		 "</d:status></d:propstat></d:response>"));
	FAILS(source_rename_coll(s, SPAN("/h/x/#VTODO"), SPAN("y"), &e),
	      ERR_DENIED, SCOPE_COLLECTION);
	OK(source_delete_coll(s, SPAN("/h/none/#VTODO"), &e));
}

static void
busy(void **state)
{
	struct span ics;

	(void)state;
	on("PROPFIND", "/", "207 Multi-Status",
	   MULTI(RESP("/", "<c:calendar-home-set><d:href>/h/</d:href>"
			   "</c:calendar-home-set>")));
	on("PROPFIND", "/h/", "207 Multi-Status",
	   MULTI(RESP("/h/a/", CAL) RESP("/h/b/", CAL)
		 RESP("/h/t/", CAL "<c:schedule-calendar-transp>"
		      "<c:transparent/></c:schedule-calendar-transp>")));
	on("REPORT", "/h/a/", "200 OK",
	   "BEGIN:VCALENDAR\r\nBEGIN:VFREEBUSY\r\nFREEBUSY;FBTYPE=BUSY:2026120"
	   "\r\n 1T100000Z/PT1H\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n");
	once("REPORT", "/h/b/", "200 OK", NULL,
	     "BEGIN:VCALENDAR\nBEGIN:VFREEBUSY\nFREEBUSY:20261202T100000Z/PT1H"
	     "\nEND:VFREEBUSY\nEND:VCALENDAR\n");
	OK(source_free_busy(s, 1796083200, 1796169600, a, &ics, &e));
	assert_true(span_find(ics, SPAN("\r\nFREEBUSY;FBTYPE=BUSY:"
					"20261201T100000Z/PT1H\r\n")) > 0);
	assert_true(span_find(ics, SPAN("\r\nFREEBUSY:20261202T100000Z/PT1H"
					"\r\n")) > 0);
	assert_int_equal(fake_seen(f, "REPORT /h/t/", NULL, NULL), 0);
	/* Half the calendars are no answer. */
	FAILS(source_free_busy(s, 1796083200, 1796169600, a, &ics, &e),
	      ERR_UNSUPPORTED, SCOPE_ACCOUNT);
}

static void
one_calendar(void)
{
	fake_forget(f);
	on("PROPFIND", "/", "207 Multi-Status",
	   MULTI(RESP("/", "<c:calendar-home-set><d:href>/h/</d:href>"
			   "</c:calendar-home-set>")));
	on("PROPFIND", "/h/", "207 Multi-Status", MULTI(RESP("/h/a/", CAL)));
}

/* Radicale 3.2 and later: one VFREEBUSY for each event, whose times are the
 * event's; elsewhere DTSTART and DTEND are only what was asked. */
static void
busy_as_radicale_says_it(void **state)
{
	struct span ics;

	(void)state;
	one_calendar();
	on("REPORT", "/h/a/", "200 OK",
	   "BEGIN:VCALENDAR\r\nBEGIN:VFREEBUSY\r\nDTSTART:20261201T100000Z"
	   "\r\nDTEND:20261201T110000Z\r\nDTSTAMP:20261101T100000Z\r\n"
	   "FBTYPE:BUSY-TENTATIVE\r\nEND:VFREEBUSY\r\nBEGIN:VFREEBUSY\r\n"
	   "DTSTART;VALUE=DATE:20261202\r\nDTEND;VALUE=DATE:20261203\r\n"
	   "FBTYPE:BUSY\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n");
	OK(source_free_busy(s, 1796083200, 1796169600, a, &ics, &e));
	assert_true(span_find(ics, SPAN("\r\nFREEBUSY;FBTYPE=BUSY-TENTATIVE:"
					"20261201T100000Z/20261201T110000Z"
					"\r\n")) > 0);
	assert_true(span_find(ics, SPAN("\r\nFREEBUSY;FBTYPE=BUSY:"
					"20261202T000000Z/20261203T000000Z"
					"\r\n")) > 0);
	one_calendar();
	on("REPORT", "/h/a/", "200 OK",
	   "BEGIN:VCALENDAR\r\nBEGIN:VFREEBUSY\r\nDTSTART:20261201T000000Z"
	   "\r\nDTEND:20261202T000000Z\r\nEND:VFREEBUSY\r\nEND:VCALENDAR"
	   "\r\n");
	OK(source_free_busy(s, 1796083200, 1796169600, a, &ics, &e));
	assert_true(span_find(ics, SPAN("\r\nFREEBUSY")) < 0);
	/* Busy, but nobody can say when: no answer is better. */
	one_calendar();
	on("REPORT", "/h/a/", "200 OK",
	   "BEGIN:VCALENDAR\r\nBEGIN:VFREEBUSY\r\nDTSTART;TZID=X:20261201T1"
	   "00000\r\nDTEND;TZID=X:20261201T110000\r\nFBTYPE:BUSY\r\n"
	   "END:VFREEBUSY\r\nEND:VCALENDAR\r\n");
	FAILS(source_free_busy(s, 1796083200, 1796169600, a, &ics, &e),
	      ERR_UNSUPPORTED, SCOPE_ACCOUNT);
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(pages),
		T(tokens_expire),
		T(trouble_is_no_expiry),
		T(dead_and_alive),
		T(tokens_of_seconds),
		T(a_whole_book),
		T(many_objects),
		T(without_tokens),
		T(kinds),
		T(one_look_at_a_home),
		T(batches),
		T(all_at_once),
		T(large_objects),
		T(a_login_page_for_an_object),
		T(cards_as_kept),
		T(hostile_xml),
		T(made_elsewhere),
		T(names_foretold),
		T(weak_etags),
		T(gone_meanwhile),
		T(refusals),
		T(removals),
		T(collections),
		T(busy),
		T(busy_as_radicale_says_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
