/* WBXML: table, reader, writer, dump. Requirement ids are those of
 * MS-ASWBXML. Run from the root of the source; the tests that need the
 * specification material look for it in $EASBRIDGE_SPEC, else ../shared/spec,
 * and are skipped without it. */
#include "base/codec.h"
#include "translate/wbxml/wbxml.h"
#include "translate/wbxml/wbxml_private.h"

#include <dirent.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wbxml/wbxml.h>

#include <setjmp.h>
#include <cmocka.h>

/* The fuzz target states properties that hold for every input; here it runs
 * over the corpus, so each past killer is a plain test, too. */
#include "tests/fuzz/fuzz_wbxml.c"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define BYTES(literal) { "" literal, sizeof(literal) - 1 }
#define HEAD "\x03\x01\x6a\x00"
#define CORPUS "tests/fuzz/corpus/wbxml"

/* ---- helpers -----------------------------------------------------------*/

static int
setup(void **state)
{
	*state = arena_new();
	return 0;
}

static int
teardown(void **state)
{
	struct arena *a = *state;

	arena_free(&a);
	return 0;
}

static const char *
spec_dir(void)
{
	const char *dir = getenv("EASBRIDGE_SPEC");

	return dir != NULL ? dir : "../shared/spec";
}

static bool
load(struct arena *a, const char *path, struct span *out)
{
	FILE *f = fopen(path, "rb");
	long n;
	char *p;

	if (f == NULL)
		return false;
	fseek(f, 0, SEEK_END);
	n = ftell(f);
	rewind(f);
	p = arena_alloc(a, (size_t)n + 1);
	if (fread(p, 1, (size_t)n, f) != (size_t)n)
		n = 0;
	fclose(f);
	*out = span_from(p, (size_t)n);
	return true;
}

struct file {
	const char *path;
	struct span bytes;
};

static size_t
load_all(struct arena *a, const char *dir, const char *ending,
	 struct file **out)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	struct file *files = NULL;
	size_t n = 0, room = 0;

	if (d == NULL)
		return 0;
	while ((entry = readdir(d)) != NULL) {
		if (!span_ends_ci(span_of(entry->d_name), span_of(ending)))
			continue;
		files = arena_grow(a, files, n, &room, sizeof(*files));
		files[n].path = arena_printf(a, "%s/%s", dir, entry->d_name);
		assert_true(load(a, files[n].path, &files[n].bytes));
		n++;
	}
	closedir(d);
	*out = files;
	return n;
}

static size_t
load_examples(struct arena *a, struct file **out)
{
	size_t n = load_all(a, arena_printf(a, "%s/examples", spec_dir()),
			    ".wbxml", out);

	if (n == 0) {
		print_message("no examples in %s; skipped\n", spec_dir());
		skip();
	}
	return n;
}

static struct wbxml_node *
read_ok(struct arena *a, struct span doc)
{
	struct wbxml_node *root = NULL;
	struct err e = { 0 };

	if (!wbxml_read(a, doc, &root, &e))
		fail_msg("%s", e.text);
	return root;
}

static struct span
rewrite(struct arena *a, const struct wbxml_node *root)
{
	struct buf out = BUF_INIT(MAX_ANSWER);
	struct span s;

	write_tree(root, &out);
	s = arena_dup(a, buf_view(&out));
	buf_free(&out);
	return s;
}

static void
check_bytes(const char *name, struct span got, struct span want)
{
	size_t i;

	if (span_eq(got, want))
		return;
	for (i = 0; i < got.n && i < want.n && got.p[i] == want.p[i]; i++)
		;
	fail_msg("%s: %zu bytes, wanted %zu, differ at %zu", name, got.n,
		 want.n, i);
}

/* ---- the table ---------------------------------------------------------*/

static unsigned
count_tags(void)
{
	unsigned tag, n = 0;

	for (tag = 0; tag <= 0xffff; tag++)
		if (wbxml_tag_name((wbxml_tag)tag) != NULL)
			n++;
	return n;
}

/* R8, R10 to R34, R3400: the pages by number, page 16 spelled as the schemas
 * do. */
static void
test_pages(void **state)
{
	static const char *const names[] = {
		"AirSync", "Contacts", "Email", "AirNotify", "Calendar", "Move",
		"GetItemEstimate", "FolderHierarchy", "MeetingResponse",
		"Tasks", "ResolveRecipients", "ValidateCert", "Contacts2",
		"Ping", "Provision", "Search", "GAL", "AirSyncBase", "Settings",
		"DocumentLibrary", "ItemOperations", "ComposeMail", "Email2",
		"Notes", "RightsManagement", "Find",
	};
	size_t i;

	(void)state;
	assert_int_equal(LENGTH(names), WBXML_PAGES);
	for (i = 0; i < LENGTH(names); i++)
		assert_string_equal(wbxml_page_name((unsigned)i), names[i]);
	assert_null(wbxml_page_name(WBXML_PAGES));
	assert_null(wbxml_tag_name(0xfe05));
	assert_null(wbxml_tag_name(0x0045));
	assert_false(wbxml_tag_opaque(0xffff));
	assert_int_equal(WX_AirSync_Sync, 0x0005);
	assert_int_equal(WX_Find_Picture, 0x1922);
}

/* One row: page, page name, namespace, token, tag, first version, versions,
 * status, type. */
static void
check_row(struct span line)
{
	struct span col[9];
	char page[64], name[64];
	wbxml_tag want, got;
	size_t i;

	for (i = 0; i < LENGTH(col); i++)
		col[i] = span_take_until(&line, '\t');
	snprintf(page, sizeof(page), SPAN_FMT, SPAN_ARG(col[1]));
	snprintf(name, sizeof(name), SPAN_FMT, SPAN_ARG(col[4]));
	want = (wbxml_tag)(strtoul(col[0].p, NULL, 10) << 8 |
			   strtoul(col[3].p, NULL, 16));
	if (!wbxml_tag_find(page, name, &got) || got != want)
		fail_msg("%s:%s is not %04x", page, name, want);
	assert_string_equal(wbxml_tag_name(want), name);
	assert_string_equal(wbxml_page_name(want >> 8), page);
	if (wbxml_tag_opaque(want) != span_starts(col[8], SPAN("opaque")))
		fail_msg("%s:%s: opaque or not", page, name);
}

/* R36 to R651, R700 to R721, R851 to R853 and the other rows of 2.1.2.1.x:
 * every token, its page and its name; and not one more. */
static void
test_table_is_the_published_one(void **state)
{
	struct arena *a = *state;
	struct span tsv;
	unsigned rows = 0;

	if (!load(a, arena_printf(a, "%s/codepages.tsv", spec_dir()), &tsv)) {
		print_message("no codepages.tsv in %s; skipped\n", spec_dir());
		skip();
	}
	span_take_until(&tsv, '\n');
	while (tsv.n > 0) {
		check_row(span_take_until(&tsv, '\n'));
		rows++;
	}
	assert_int_equal(rows, count_tags());
}

/* ---- examples ----------------------------------------------------------*/

/* R6, R655: the canonical documents of the specification material come out
 * of reader and writer byte by byte as they went in. */
static void
test_examples_come_back(void **state)
{
	struct arena *a = *state;
	struct file *f;
	size_t i, n = load_examples(a, &f);

	for (i = 0; i < n; i++)
		check_bytes(f[i].path, rewrite(a, read_ok(a, f[i].bytes)),
			    f[i].bytes);
}

static struct span
xml_text(struct arena *a, xmlNode *x)
{
	xmlChar *text = xmlNodeGetContent(x);
	struct span s = arena_dup(a, span_of((const char *)text));

	xmlFree(text);
	return s;
}

static xmlNode *
next_element(xmlNode *x)
{
	while (x != NULL && x->type != XML_ELEMENT_NODE)
		x = x->next;
	return x;
}

/* The schemas have longer names for these two than MS-ASWBXML has. */
static const char *
xml_name(wbxml_tag t)
{
	return t == WX_ComposeMail_Name ? "ForwardeeName" :
	       t == WX_ComposeMail_Email ? "ForwardeeEmail" :
	       wbxml_tag_name(t);
}

static void
same_as_xml(struct arena *a, const char *path, const struct wbxml_node *n,
	    xmlNode *x)
{
	const struct wbxml_node *c;
	struct span want;
	xmlNode *xc;

	if (strcmp(xml_name(n->tag), (const char *)x->name) != 0)
		fail_msg("%s: <%s>, wanted <%s>", path, xml_name(n->tag),
			 (const char *)x->name);
	assert_string_equal(wbxml_page_name(n->tag >> 8),
			    (const char *)x->ns->href);
	xc = next_element(x->children);
	if (xc == NULL) {
		want = xml_text(a, x);
		if (wbxml_tag_opaque(n->tag))
			assert_true(base64_decode(a, want, &want));
		check_bytes(path, n->text, want);
	}
	for (c = n->child; c != NULL && xc != NULL; c = c->next) {
		same_as_xml(a, path, c, xc);
		xc = next_element(xc->next);
	}
	if (c != NULL || xc != NULL)
		fail_msg("%s: <%s> has other children", path,
			 wbxml_tag_name(n->tag));
}

/* R2, R7: what the bytes mean, held against the XML of the same example. */
static void
test_examples_mean_their_xml(void **state)
{
	struct arena *a = *state;
	struct file *f;
	size_t i, n = load_examples(a, &f);
	char *path;
	xmlDoc *doc;

	for (i = 0; i < n; i++) {
		path = arena_printf(a, "%.*sxml",
				    (int)(strlen(f[i].path) - 5), f[i].path);
		doc = xmlReadFile(path, NULL,
				  XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
		if (doc == NULL)
			fail_msg("%s: cannot be read", path);
		same_as_xml(a, path, read_ok(a, f[i].bytes),
			    xmlDocGetRootElement(doc));
		xmlFreeDoc(doc);
	}
}

/* ---- the library as the judge ------------------------------------------*/

static xmlDoc *
convert(struct span doc)
{
	WBXMLConvWBXML2XML *conv = NULL;
	WB_UTINY *xml = NULL;
	WB_ULONG n = 0;
	xmlDoc *out;

	assert_int_equal(wbxml_conv_wbxml2xml_create(&conv), WBXML_OK);
	wbxml_conv_wbxml2xml_set_gen_type(conv, WBXML_GEN_XML_CANONICAL);
	wbxml_conv_wbxml2xml_enable_preserve_whitespaces(conv);
	wbxml_conv_wbxml2xml_set_language(conv, WBXML_LANG_ACTIVESYNC);
	assert_int_equal(wbxml_conv_wbxml2xml_run(conv, (WB_UTINY *)doc.p,
						  (WB_ULONG)doc.n, &xml, &n),
			 WBXML_OK);
	wbxml_conv_wbxml2xml_destroy(conv);
	out = xmlReadMemory((const char *)xml, (int)n, "", NULL,
			    XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	free(xml);
	assert_non_null(out);
	return out;
}

/* Same shape and texts. Names only where both agree: libwbxml calls 64 tags
 * otherwise and does not know page 25. It shows some texts as base64. */
static unsigned
same_shape(struct arena *a, const struct wbxml_node *n, xmlNode *x)
{
	const struct wbxml_node *c;
	struct span text, raw = SPAN("");
	unsigned named;
	xmlNode *xc;

	named = strcmp(wbxml_tag_name(n->tag), (const char *)x->name) == 0;
	xc = next_element(x->children);
	if (xc == NULL) {
		text = xml_text(a, x);
		if (!span_eq(text, n->text)) {
			assert_true(base64_decode(a, text, &raw));
			check_bytes("judge", raw, n->text);
		}
	}
	for (c = n->child; c != NULL && xc != NULL; c = c->next) {
		named += same_shape(a, c, xc);
		xc = next_element(xc->next);
	}
	assert_null(c);
	assert_null(xc);
	return named;
}

static void
test_library_reads_what_we_write(void **state)
{
	struct arena *a = *state;
	struct wbxml_node *root;
	struct span written;
	struct file *f;
	size_t i, n = load_all(a, CORPUS, ".wbxml", &f);
	unsigned named = 0;
	struct err e = { 0 };
	xmlDoc *doc;

	assert_true(n > 20);
	for (i = 0; i < n; i++) {
		if (!wbxml_read(a, f[i].bytes, &root, &e))
			continue;
		written = rewrite(a, root);
		root = read_ok(a, written); /* texts are clean now */
		doc = convert(written);
		named += same_shape(a, root, xmlDocGetRootElement(doc));
		xmlFreeDoc(doc);
	}
	assert_true(named > 300);
}

/* ---- reading -----------------------------------------------------------*/

static const struct {
	const char *name;
	struct span doc;
	bool good;
} documents[] = {
	{ "one empty element", BYTES(HEAD "\x05"), true },
	{ "tag with content bit and END", BYTES(HEAD "\x45\x01"), true },
	{ "WBXML 1.2", BYTES("\x02\x01\x6a\x00\x05"), true },
	{ "WBXML 1.1", BYTES("\x01\x01\x6a\x00\x05"), true },
	{ "public id as an index", BYTES("\x03\x00\x00\x6a\x00\x05"), true },
	{ "charset not said", BYTES("\x03\x01\x00\x00\x05"), true },
	{ "bytes behind the root", BYTES(HEAD "\x05\x02\xff\x00"), true },
	{ "root on another page", BYTES(HEAD "\x00\x07\x16"), true },
	{ "pages switched in a row", BYTES(HEAD "\x00\x07\x00\x00\x05"),
	  true },
	{ "page switched behind a text",
	  BYTES(HEAD "\x45\x03x\x00\x00\x07\x01"), true },
	{ "string table, R656 or not",
	  BYTES("\x03\x01\x6a\x02x\x00\x45\x83\x00\x01"), true },
	{ "string table without its last NUL",
	  BYTES("\x03\x01\x6a\x01x\x45\x83\x00\x01"), true },

	{ "nothing", BYTES(""), false },
	{ "header only", BYTES(HEAD), false },
	{ "WBXML 1.0", BYTES("\x00\x01\x6a\x00\x05"), false },
	{ "WBXML 1.4", BYTES("\x04\x01\x6a\x00\x05"), false },
	{ "charset UTF-16", BYTES("\x03\x01\x87\x68\x00\x05"), false },
	{ "XML by mistake", BYTES("<?xml version='1.0'?><Sync/>"), false },
	{ "string table past the end", BYTES("\x03\x01\x6a\x05\x05"), false },
	{ "table as long as it gets",
	  BYTES("\x03\x01\x6a\x8f\xff\xff\xff\x7f\x05"), false },
	{ "string outside the table",
	  BYTES("\x03\x01\x6a\x02x\x00\x45\x83\x02\x01"), false },
	{ "STR_T without a table", BYTES(HEAD "\x45\x83\x00\x01"), false },
	{ "text before the root", BYTES(HEAD "\x03x\x00\x05"), false },
	{ "END before the root", BYTES(HEAD "\x01\x05"), false },
	{ "switch and nothing", BYTES(HEAD "\x00"), false },
	{ "root not ended", BYTES(HEAD "\x45"), false },
	{ "string without its NUL", BYTES(HEAD "\x45\x03x"), false },
	{ "opaque past the end", BYTES(HEAD "\x45\xc3\x02\x01"), false },
	{ "opaque of 4 GB", BYTES(HEAD "\x45\xc3\x8f\xff\xff\xff\x7f\x01"),
	  false },
	{ "opaque of 2 to the 32 and 1",
	  BYTES(HEAD "\x45\xc3\x90\x80\x80\x80\x01x\x01"), false },
	{ "length of six bytes",
	  BYTES(HEAD "\x45\xc3\x80\x80\x80\x80\x80\x01x\x01"), false },
	{ "length cut off", BYTES(HEAD "\x45\xc3\x80"), false },
	{ "unknown root", BYTES(HEAD "\x7d\x01"), false },
	{ "root on a page nobody has", BYTES(HEAD "\x00\xfe\x05"), false },

	/* R656: what this algorithm does not use */
	{ "entity", BYTES(HEAD "\x45\x02\x20\x01"), false },
	{ "entity that aborts libwbxml 0.11.8",
	  BYTES(HEAD "\x45\x02\x89\x80\x80\x80\x00"), false },
	{ "instruction", BYTES(HEAD "\x43\x05\x01\x05"), false },
	{ "instruction inside", BYTES(HEAD "\x45\x43\x05\x01\x01"), false },
	{ "attribute", BYTES(HEAD "\x85\x05\x01"), false },
	{ "attribute and content", BYTES(HEAD "\xc5\x05\x01\x01"), false },
	{ "LITERAL", BYTES("\x03\x01\x6a\x02x\x00\x04\x00"), false },
	{ "LITERAL_C", BYTES("\x03\x01\x6a\x02x\x00\x45\x44\x00\x01\x01"),
	  false },
	{ "LITERAL_A", BYTES("\x03\x01\x6a\x02x\x00\x45\x84\x00\x01\x01"),
	  false },
	{ "LITERAL_AC", BYTES("\x03\x01\x6a\x02x\x00\x45\xc4\x00\x01\x01"),
	  false },
	{ "EXT_I_0", BYTES(HEAD "\x45\x40x\x00\x01"), false },
	{ "EXT_I_1", BYTES(HEAD "\x45\x41x\x00\x01"), false },
	{ "EXT_I_2", BYTES(HEAD "\x45\x42x\x00\x01"), false },
	{ "EXT_T_0", BYTES(HEAD "\x45\x80\x00\x01"), false },
	{ "EXT_T_1", BYTES(HEAD "\x45\x81\x00\x01"), false },
	{ "EXT_T_2", BYTES(HEAD "\x45\x82\x00\x01"), false },
	{ "EXT_0", BYTES(HEAD "\x45\xc0\x01"), false },
	{ "EXT_1", BYTES(HEAD "\x45\xc1\x01"), false },
	{ "EXT_2", BYTES(HEAD "\x45\xc2\x01"), false },
};

/* R801, R802, R804, R819 are used; R803, R805 to R818, R820 are not. */
static void
test_documents(void **state)
{
	struct wbxml_node *root;
	size_t i;

	for (i = 0; i < LENGTH(documents); i++) {
		struct err e = { 0 };

		if (wbxml_read(*state, documents[i].doc, &root, &e) !=
		    documents[i].good)
			fail_msg("%s: %s", documents[i].name, e.text);
		if (!documents[i].good && e.code != ERR_INVALID)
			fail_msg("%s: error %s", documents[i].name,
				 err_name(e.code));
	}
}

static void
test_cut_off_anywhere(void **state)
{
	struct wbxml_node *root = NULL;
	struct err e = { 0 };
	struct file *f;
	size_t i, n, at;
	char *copy;

	n = load_all(*state, CORPUS, ".wbxml", &f);
	for (i = 0; i < n; i++) {
		if (!wbxml_read(*state, f[i].bytes, &root, &e))
			continue;
		for (at = 0; at < f[i].bytes.n; at++) {
			/* an exact copy, so that ASan sees one byte too far */
			copy = malloc(at + (at == 0));
			memcpy(copy, f[i].bytes.p, at);
			if (wbxml_read(*state, span_from(copy, at), &root, &e))
				fail_msg("%s: %zu bytes", f[i].path, at);
			free(copy);
		}
	}
}

static void
test_corpus_holds_the_properties(void **state)
{
	struct file *f;
	size_t i, n = load_all(*state, CORPUS, ".wbxml", &f);

	assert_true(n > 0);
	for (i = 0; i < n; i++)
		LLVMFuzzerTestOneInput((const uint8_t *)f[i].bytes.p,
				       f[i].bytes.n);
}

static bool
reads_nested(struct arena *a, size_t depth)
{
	struct buf doc = BUF_INIT(MAX_REQUEST);
	struct wbxml_node *root;
	struct err e = { 0 };
	size_t i;
	bool ok;

	buf_put(&doc, HEAD, 4);
	for (i = 0; i < depth; i++)
		buf_byte(&doc, 0x45);
	for (i = 0; i < depth; i++)
		buf_byte(&doc, 0x01);
	ok = wbxml_read(a, buf_view(&doc), &root, &e);
	buf_free(&doc);
	return ok;
}

static void
test_nesting_has_a_bound(void **state)
{
	assert_true(reads_nested(*state, MAX_WBXML_DEPTH));
	assert_false(reads_nested(*state, MAX_WBXML_DEPTH + 1));
	assert_false(reads_nested(*state, 1000000));
}

static bool
reads_many(struct arena *a, size_t count, const char *what, size_t n)
{
	struct buf doc = BUF_INIT(MAX_REQUEST);
	struct wbxml_node *root;
	struct err e = { 0 };
	size_t i;
	bool ok;

	buf_put(&doc, HEAD "\x45", 5);
	for (i = 0; i < count; i++)
		buf_put(&doc, what, n);
	buf_byte(&doc, 0x01);
	ok = wbxml_read(a, buf_view(&doc), &root, &e);
	if (!ok)
		assert_int_equal(e.code, ERR_INVALID);
	buf_free(&doc);
	return ok;
}

static void
test_counts_have_bounds(void **state)
{
	assert_true(reads_many(*state, MAX_WBXML_NODES - 1, "\x06", 1));
	assert_false(reads_many(*state, MAX_WBXML_NODES, "\x06", 1));
	assert_true(reads_many(*state, MAX_WBXML_NODES - 1, "\x03x", 3));
	assert_false(reads_many(*state, MAX_WBXML_NODES, "\x03x", 3));
	assert_false(reads_many(*state, MAX_WBXML_NODES, "\x7d\x01", 2));
	/* worst case of the skeleton: a switch before every element */
	assert_true(reads_many(*state, MAX_WBXML_NODES / 2 - 1,
			       "\x00\x01\x05\x00\x19\x05", 6));
}

/* A short document that names one long string often would grow without
 * end. */
static void
test_string_table_does_not_multiply(void **state)
{
	struct buf doc = BUF_INIT(MAX_REQUEST);
	struct wbxml_node *root;
	struct err e = { 0 };
	int i;

	/* table of 2 to the 20 bytes, one string */
	buf_put(&doc, "\x03\x01\x6a\xc0\x80\x00", 6);
	for (i = 0; i < 1 << 20; i++)
		buf_byte(&doc, 'x');
	buf_byte(&doc, 0x45);
	for (i = 0; i < 65; i++)
		buf_put(&doc, "\x83\x00", 2);
	buf_byte(&doc, 0x01);
	assert_false(wbxml_read(*state, buf_view(&doc), &root, &e));
	assert_int_equal(e.code, ERR_INVALID);
	buf_free(&doc);
}

/* R655: texts in pieces, inline or opaque, are one text; an element with
 * children has none. */
static void
test_texts_join(void **state)
{
	struct span s;

	s = read_ok(*state, SPAN(HEAD "\x45\x03" "ab\x00\xc3\x02" "c\x00\x03"
				 "d\x00\x01"))->text;
	check_bytes("three pieces", s, SPAN("abc\0d"));
	assert_int_equal(s.p[s.n], '\0');
	s = read_ok(*state, SPAN(HEAD "\x45\x03" "a\x00\x0b\x03" "b\x00\x01"))
		    ->text;
	check_bytes("around a child", s, SPAN(""));
	assert_int_equal(s.p[0], '\0');
	s = read_ok(*state, SPAN(HEAD "\x45\x03" "a\x00\x7d\x03u\x00\x01\x03"
				 "b\x00\x01"))->text;
	check_bytes("around an unknown child", s, SPAN("ab"));
}

static void
test_unknown_tags_are_skipped(void **state)
{
	const struct wbxml_node *root;

	/* 17:0x3f holding Sync with a text, then Status on page 0 */
	root = read_ok(*state, SPAN(HEAD "\x45\x00\x11\x7f\x00\x00\x45\x03x"
				    "\x00\x01\x01\x4e\x03" "1\x00\x01\x01"));
	assert_non_null(root->child);
	assert_int_equal(root->child->tag, WX_AirSync_Status);
	assert_null(root->child->next);
	check_bytes("status", wbxml_child_text(root, WX_AirSync_Status),
		    SPAN("1"));
}

/* The bytes, once in the document and once in the arena, and little else. */
static void
test_large_opaque_is_copied_once(void **state)
{
	const size_t n = 20u << 20;
	struct buf doc = BUF_INIT(MAX_REQUEST);
	struct arena *a = arena_new();
	struct wbxml_writer w;
	const struct wbxml_node *root;
	char *mime = malloc(n);
	struct err e = { 0 };

	(void)state;
	memset(mime, 'm', n);
	wbxml_begin(&w, &doc);
	wbxml_open(&w, WX_ComposeMail_SendMail);
	wbxml_text(&w, WX_ComposeMail_Mime, span_from(mime, n));
	wbxml_close(&w);
	assert_true(wbxml_end(&w, &e));
	root = read_ok(a, buf_view(&doc));
	assert_true(span_eq(wbxml_child_text(root, WX_ComposeMail_Mime),
			    span_from(mime, n)));
	assert_true(arena_size(a) < n + n / 8);
	free(mime);
	buf_free(&doc);
	arena_free(&a);
}

/* ---- values ------------------------------------------------------------*/

static const struct wbxml_node *
one_child(struct arena *a, wbxml_tag t, const char *text)
{
	struct buf out = BUF_INIT(4096);
	struct wbxml_writer w;
	struct wbxml_node *root;
	struct err e = { 0 };

	wbxml_begin(&w, &out);
	wbxml_open(&w, WX_AirSync_Collection);
	wbxml_str(&w, t, text);
	wbxml_close(&w);
	assert_true(wbxml_end(&w, &e));
	root = read_ok(a, buf_view(&out));
	buf_free(&out);
	return root;
}

static void
test_numbers(void **state)
{
	static const struct {
		const char *text;
		bool good;
		uint32_t want;
	} cases[] = {
		{ "0", true, 0 },
		{ "512", true, 512 },
		{ "007", true, 7 },
		{ "4294967295", true, UINT32_MAX },
		{ "4294967296", true, UINT32_MAX },
		{ "99999999999999999999999999", true, UINT32_MAX },
		{ "", false, 0 },
		{ "-1", false, 0 },
		{ " 1", false, 0 },
		{ "1x", false, 0 },
	};
	const struct wbxml_node *n;
	uint32_t v;
	size_t i;

	for (i = 0; i < LENGTH(cases); i++) {
		n = one_child(*state, WX_AirSync_WindowSize, cases[i].text);
		v = 77;
		if (wbxml_child_u32(n, WX_AirSync_WindowSize, &v) !=
		    cases[i].good)
			fail_msg("'%s'", cases[i].text);
		assert_int_equal(v, cases[i].good ? cases[i].want : 77);
	}
	assert_false(wbxml_child_u32(n, WX_AirSync_Limit, &v));
	assert_false(wbxml_child_u32(NULL, WX_AirSync_Limit, &v));
}

static void
test_booleans(void **state)
{
	const wbxml_tag t = WX_AirSync_GetChanges;
	struct arena *a = *state;

	assert_true(wbxml_child_bool(one_child(a, t, ""), t, false));
	assert_true(wbxml_child_bool(one_child(a, t, "1"), t, false));
	assert_false(wbxml_child_bool(one_child(a, t, "0"), t, true));
	assert_false(wbxml_child_bool(one_child(a, t, "true"), t, true));
	assert_true(wbxml_child_bool(one_child(a, WX_AirSync_Limit, "1"), t,
				     true));
	assert_false(wbxml_child_bool(NULL, t, false));
}

static void
test_walking(void **state)
{
	const struct wbxml_node *root, *c;

	root = read_ok(*state, SPAN(HEAD "\x45\x4f\x4b\x03" "a\x00\x01\x01\x12"
				    "\x4f\x4b\x03" "b\x00\x01\x01\x01"));
	c = wbxml_child(root, WX_AirSync_Collection);
	check_bytes("first", wbxml_child_text(c, WX_AirSync_SyncKey),
		    SPAN("a"));
	c = wbxml_again(c);
	check_bytes("second", wbxml_child_text(c, WX_AirSync_SyncKey),
		    SPAN("b"));
	assert_null(wbxml_again(c));
	assert_true(wbxml_has(root, WX_AirSync_CollectionId));
	assert_false(wbxml_has(root, WX_AirSync_Sync));
	assert_null(wbxml_child(NULL, WX_AirSync_Sync));
	assert_int_equal(wbxml_child_text(NULL, WX_AirSync_Sync).n, 0);
}

/* ---- writing -----------------------------------------------------------*/

static struct buf out;
static struct wbxml_writer w;

static void
start(size_t max)
{
	buf_free(&out);
	buf_init(&out, max);
	wbxml_begin(&w, &out);
}

static void
wrote(const char *name, struct span want)
{
	struct err e = { 0 };

	if (!wbxml_end(&w, &e))
		fail_msg("%s: %s", name, e.text);
	assert_int_equal(wbxml_size(&w), want.n);
	check_bytes(name, buf_view(&out), want);
}

/* Every tag of the table, there and back: R36 to R721 once more. */
static void
test_every_tag_round_trips(void **state)
{
	const struct wbxml_node *root;
	unsigned tag, n = 0;
	struct err e = { 0 };

	for (tag = 0; tag <= 0xffff; tag++) {
		if (wbxml_tag_name((wbxml_tag)tag) == NULL)
			continue;
		start(4096);
		wbxml_open(&w, (wbxml_tag)tag);
		wbxml_empty(&w, (wbxml_tag)tag);
		wbxml_text(&w, (wbxml_tag)tag, SPAN("text"));
		wbxml_close(&w);
		assert_true(wbxml_end(&w, &e));
		root = read_ok(*state, buf_view(&out));
		assert_int_equal(root->tag, tag);
		assert_int_equal(root->child->tag, tag);
		assert_int_equal(root->child->next->tag, tag);
		check_bytes(wbxml_tag_name((wbxml_tag)tag),
			    root->child->next->text, SPAN("text"));
		assert_null(root->child->next->next);
		n++;
	}
	assert_int_equal(n, count_tags());
	assert_true(n > 600);
}

static void
test_forms(void **state)
{
	(void)state;
	start(4096);
	wbxml_open(&w, WX_AirSync_Sync);
	wbxml_str(&w, WX_AirSync_SyncKey, "k");
	wbxml_uint(&w, WX_AirSync_Status, 1);
	wbxml_text(&w, WX_Email_Subject, SPAN("s"));
	wbxml_text(&w, WX_Email_Subject, SPAN_NONE);
	wbxml_str(&w, WX_Email_Subject, "");
	wbxml_opaque(&w, WX_AirSyncBase_Data, SPAN("\0\1"));
	wbxml_text(&w, WX_Email2_ConversationId, SPAN("\0\1"));
	wbxml_text(&w, WX_Email2_ConversationId, SPAN(""));
	wbxml_open(&w, WX_Email_Flag); /* nothing inside: as if empty */
	wbxml_close(&w);
	wbxml_empty(&w, WX_AirSync_MoreAvailable);
	wbxml_close(&w);
	wrote("forms", SPAN(HEAD "\x45\x4b\x03k\x00\x01\x4e\x03" "1\x00\x01"
			    "\x00\x02\x54\x03s\x00\x01\x14\x14"
			    "\x00\x11\x4b\xc3\x02\x00\x01\x01"
			    "\x00\x16\x49\xc3\x02\x00\x01\x01\x09"
			    "\x00\x02\x3a\x00\x00\x14\x01"));
	start(4096);
	wbxml_uint(&w, WX_AirSync_Sync, UINT64_MAX);
	wrote("largest number",
	      SPAN(HEAD "\x45\x03" "18446744073709551615\x00\x01"));
}

static void
test_lengths_of_opaque(void **state)
{
	static const size_t sizes[] = { 1, 127, 128, 16383, 16384, 2097151,
					2097152 };
	char *p = calloc(1, 2097152);
	size_t i;

	for (i = 0; i < LENGTH(sizes); i++) {
		start(MAX_ANSWER);
		wbxml_opaque(&w, WX_ComposeMail_Mime, span_from(p, sizes[i]));
		assert_int_equal(read_ok(*state, buf_view(&out))->text.n,
				 sizes[i]);
	}
	free(p);
}

#define REPLACED "\xef\xbf\xbd"

static const struct {
	const char *name;
	struct span in, want;
} texts[] = {
	{ "plain", BYTES("plain text, longer than a word"),
	  BYTES("plain text, longer than a word") },
	{ "line ends and tabs", BYTES("a\r\nb\tc\n"), BYTES("a\r\nb\tc\n") },
	{ "NUL", BYTES("a\0b"), BYTES("ab") },
	{ "controls", BYTES("\1a\2\3b\x1f"), BYTES("ab") },
	{ "a control in the middle of words",
	  BYTES("0123456789\x0b" "0123456789"), BYTES("01234567890123456789") },
	{ "DEL is legal", BYTES("\x7f"), BYTES("\x7f") },
	{ "umlauts", BYTES("gr\xc3\xbc\xc3\x9f" "e"),
	  BYTES("gr\xc3\xbc\xc3\x9f" "e") },
	{ "emoji", BYTES("\xf0\x9f\x98\x80"), BYTES("\xf0\x9f\x98\x80") },
	{ "last character", BYTES("\xf4\x8f\xbf\xbf"),
	  BYTES("\xf4\x8f\xbf\xbf") },
	{ "U+FFFD itself", BYTES(REPLACED), BYTES(REPLACED) },
	{ "U+FFFE, U+FFFF", BYTES("a\xef\xbf\xbe\xef\xbf\xbf" "b"),
	  BYTES("ab") },
	{ "latin-1", BYTES("gr\xfc\xdf" "e"), BYTES("gr" REPLACED REPLACED
						    "e") },
	{ "surrogate", BYTES("\xed\xa0\x80"), BYTES(REPLACED REPLACED
						    REPLACED) },
	{ "overlong", BYTES("\xc0\xaf"), BYTES(REPLACED REPLACED) },
	{ "overlong in three", BYTES("\xe0\x80\xaf"),
	  BYTES(REPLACED REPLACED REPLACED) },
	{ "past the last character", BYTES("\xf4\x90\x80\x80"),
	  BYTES(REPLACED REPLACED REPLACED REPLACED) },
	{ "cut off", BYTES("a\xe2\x82"), BYTES("a" REPLACED REPLACED) },
};

/* A control character makes phones drop the whole answer. */
static void
test_texts_are_cleaned(void **state)
{
	size_t i;

	for (i = 0; i < LENGTH(texts); i++) {
		start(4096);
		wbxml_text(&w, WX_Email_Subject, texts[i].in);
		check_bytes(texts[i].name,
			    read_ok(*state, buf_view(&out))->text,
			    texts[i].want);
	}
	start(4096);
	wbxml_text(&w, WX_AirSync_Sync, SPAN("\1\2"));
	wrote("nothing left", SPAN(HEAD "\x05"));
}

static void
test_text_in_pieces(void **state)
{
	(void)state;
	start(4096);
	wbxml_open(&w, WX_AirSync_Sync);
	wbxml_text_begin(&w, WX_AirSyncBase_Data);
	wbxml_text_piece(&w, SPAN("one "));
	wbxml_text_piece(&w, SPAN(""));
	wbxml_text_piece(&w, SPAN("text"));
	wbxml_text_end(&w);
	wbxml_close(&w);
	wrote("pieces", SPAN(HEAD "\x45\x00\x11\x4b\x03one text\x00\x01\x01"));
}

static void
test_rewind_takes_the_page_back(void **state)
{
	struct wbxml_mark m;

	(void)state;
	start(4096);
	wbxml_open(&w, WX_AirSync_Sync);
	m = wbxml_mark(&w);
	wbxml_open(&w, WX_AirSync_Add);
	wbxml_str(&w, WX_Email_Subject, "poison");
	wbxml_rewind(&w, m);
	wbxml_str(&w, WX_AirSync_Status, "1");
	wbxml_close(&w);
	wrote("page 0 still", SPAN(HEAD "\x45\x4e\x03" "1\x00\x01\x01"));

	start(4096);
	wbxml_open(&w, WX_AirSync_Sync);
	wbxml_str(&w, WX_Email_Subject, "a");
	m = wbxml_mark(&w);
	wbxml_str(&w, WX_AirSync_Status, "1");
	wbxml_rewind(&w, m);
	wbxml_str(&w, WX_Email_Subject, "b");
	wbxml_close(&w);
	wrote("page 2 still",
	      SPAN(HEAD "\x45\x00\x02\x54\x03" "a\x00\x01\x54\x03" "b\x00\x01"
		   "\x01"));

	start(4096);
	wbxml_open(&w, WX_AirSync_Sync);
	wbxml_open(&w, WX_AirSync_Commands);
	m = wbxml_mark(&w);
	wbxml_empty(&w, WX_AirSync_Add);
	wbxml_rewind(&w, m);
	wbxml_close(&w);
	wbxml_close(&w);
	wrote("back to nothing inside", SPAN(HEAD "\x45\x16\x01"));
}

static void
test_rewind_forgets_a_failure(void **state)
{
	struct wbxml_mark m;
	struct err e = { 0 };
	char large[200] = { 0 };

	(void)state;
	start(100);
	wbxml_open(&w, WX_AirSync_Sync);
	m = wbxml_mark(&w);
	wbxml_opaque(&w, WX_ComposeMail_Mime, span_from(large, sizeof(large)));
	wbxml_str(&w, WX_AirSync_Status, "ignored");
	wbxml_rewind(&w, m);
	wbxml_str(&w, WX_AirSync_Status, "1");
	wbxml_close(&w);
	wrote("after an item too large",
	      SPAN(HEAD "\x45\x4e\x03" "1\x00\x01\x01"));

	start(100);
	wbxml_open(&w, WX_AirSync_Sync);
	wbxml_opaque(&w, WX_ComposeMail_Mime, span_from(large, sizeof(large)));
	m = wbxml_mark(&w); /* too late */
	wbxml_rewind(&w, m);
	wbxml_close(&w);
	assert_false(wbxml_end(&w, &e));
	assert_int_equal(e.code, ERR_TOO_BIG);
}

static void
test_every_ceiling(void **state)
{
	struct err e = { 0 };
	size_t max, whole = 0;

	(void)state;
	for (max = 4096; max > 0; max = max > whole ? whole : max - 1) {
		start(max);
		wbxml_open(&w, WX_AirSync_Sync);
		wbxml_str(&w, WX_Email_Subject, "a\1b");
		wbxml_text(&w, WX_Email_Subject, SPAN("\1"));
		wbxml_text(&w, WX_Email2_ConversationId, SPAN("0123"));
		wbxml_open(&w, WX_AirSync_Add);
		wbxml_close(&w);
		wbxml_close(&w);
		if (whole == 0)
			whole = wbxml_size(&w);
		if (wbxml_end(&w, &e) != (max >= whole))
			fail_msg("ceiling of %zu", max);
	}
}

static void
fails(const char *name)
{
	struct err e = { 0 };

	if (wbxml_end(&w, &e))
		fail_msg("%s", name);
	assert_int_equal(e.code, ERR_BUG);
}

static void
test_misuse_fails(void **state)
{
	int i;

	(void)state;
	start(4096);
	fails("no root");
	start(4096);
	wbxml_open(&w, WX_AirSync_Sync);
	fails("not closed");
	start(4096);
	wbxml_close(&w);
	fails("nothing to close");
	start(4096);
	wbxml_empty(&w, WX_AirSync_Sync);
	wbxml_empty(&w, WX_AirSync_Sync);
	fails("two roots");
	start(4096);
	wbxml_empty(&w, 0x003d);
	fails("no such tag");
	start(4096);
	for (i = 0; i < MAX_WBXML_DEPTH + 1; i++)
		wbxml_open(&w, WX_AirSync_Sync);
	for (i = 0; i < MAX_WBXML_DEPTH + 1; i++)
		wbxml_close(&w);
	fails("too deep");
}

/* ---- showing -----------------------------------------------------------*/

static void
test_dump(void **state)
{
	struct span text = SPAN("");
	struct err e = { 0 };

	start(4096);
	wbxml_open(&w, WX_AirSync_Sync);
	wbxml_str(&w, WX_AirSync_SyncKey, "7");
	wbxml_open(&w, WX_AirSync_ApplicationData);
	wbxml_str(&w, WX_Email_Subject, "a < b & c");
	wbxml_str(&w, WX_Email_Read, "1");
	wbxml_empty(&w, WX_Email_Flag);
	wbxml_text(&w, WX_Email2_ConversationId, SPAN("\xff\1"));
	wbxml_close(&w);
	wbxml_close(&w);
	assert_true(wbxml_dump(*state, buf_view(&out), false, &text, &e));
	check_bytes("shown", text,
		    SPAN("<Sync xmlns=\"AirSync\">\n"
			 "  <SyncKey>7</SyncKey>\n"
			 "  <ApplicationData>\n"
			 "    <Subject xmlns=\"Email\">a &lt; b &amp; c"
			 "</Subject>\n"
			 "    <Read xmlns=\"Email\">1</Read>\n"
			 "    <Flag xmlns=\"Email\"/>\n"
			 "    <ConversationId xmlns=\"Email2\">base64:/wE="
			 "</ConversationId>\n"
			 "  </ApplicationData>\n"
			 "</Sync>\n"));
	assert_true(wbxml_dump(*state, buf_view(&out), true, &text, &e));
	assert_true(span_find(text, SPAN("<SyncKey>7<")) > 0);
	assert_true(span_find(text, SPAN(">[9 bytes]</Subject>")) > 0);
	assert_true(span_find(text, SPAN(">1</Read>")) > 0);
	assert_true(span_find(text, SPAN(">[2 bytes]</ConversationId>")) > 0);
	assert_true(span_find(text, SPAN("a &lt;")) < 0);
}

/* What a log may never hold, wherever it stands. */
static void
test_mask_hides(void **state)
{
	static const wbxml_tag secret[] = {
		WX_AirSyncBase_Data, WX_AirSyncBase_Preview,
		WX_AirSyncBase_DisplayName, WX_AirSyncBase_Content,
		WX_ComposeMail_Mime, WX_Email_Body, WX_Email_From,
		WX_Email_MIMEData, WX_Email_Subject, WX_Email_To,
		WX_Email2_Sender, WX_Contacts_FirstName, WX_Contacts_Picture,
		WX_Contacts2_NickName, WX_Calendar_Subject,
		WX_Calendar_Location, WX_Tasks_Subject, WX_Notes_Subject,
		WX_FolderHierarchy_DisplayName, WX_Find_FreeText,
		WX_GAL_EmailAddress, WX_ItemOperations_Password,
		WX_ItemOperations_UserName, WX_Search_FreeText,
		WX_Search_Password, WX_Search_UserName, WX_Settings_IMEI,
		WX_Settings_Password, WX_Settings_PhoneNumber,
		WX_Settings_ReplyMessage, WX_ResolveRecipients_To,
		WX_ValidateCert_Certificate,
	};
	struct span text = SPAN("");
	struct err e = { 0 };
	size_t i;

	for (i = 0; i < LENGTH(secret); i++) {
		start(4096);
		wbxml_str(&w, secret[i], "secret");
		assert_true(wbxml_dump(*state, buf_view(&out), true, &text,
				       &e));
		if (span_find(text, SPAN(">secret<")) >= 0)
			fail_msg("%s is shown", wbxml_tag_name(secret[i]));
	}
}

static void
test_self_test(void **state)
{
	struct err e = { 0 };

	(void)state;
	if (!wbxml_self_test(&e))
		fail_msg("%s", e.text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_pages),
		TEST(test_table_is_the_published_one),
		TEST(test_self_test),
		TEST(test_examples_come_back),
		TEST(test_examples_mean_their_xml),
		TEST(test_library_reads_what_we_write),
		TEST(test_documents),
		TEST(test_cut_off_anywhere),
		TEST(test_corpus_holds_the_properties),
		TEST(test_nesting_has_a_bound),
		TEST(test_counts_have_bounds),
		TEST(test_string_table_does_not_multiply),
		TEST(test_texts_join),
		TEST(test_unknown_tags_are_skipped),
		TEST(test_large_opaque_is_copied_once),
		TEST(test_numbers),
		TEST(test_booleans),
		TEST(test_walking),
		TEST(test_every_tag_round_trips),
		TEST(test_forms),
		TEST(test_lengths_of_opaque),
		TEST(test_texts_are_cleaned),
		TEST(test_text_in_pieces),
		TEST(test_rewind_takes_the_page_back),
		TEST(test_rewind_forgets_a_failure),
		TEST(test_every_ceiling),
		TEST(test_misuse_fails),
		TEST(test_dump),
		TEST(test_mask_hides),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	buf_free(&out);
	xmlCleanupParser();
	return failed;
}
