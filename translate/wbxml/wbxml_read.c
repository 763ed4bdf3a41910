/* The WBXML reader: a gate of our own, then libwbxml's event parser with our
 * table.
 *
 * libwbxml recurses, aborts on some entities and copies every text twice, so
 * it never sees the document itself. The gate walks the bytes once, holds
 * them against the bounds, and writes a skeleton: the same elements and
 * pages, but each text is an opaque of eight bytes that says where the text
 * stands in the document. The parser reads the skeleton; texts go from the
 * document to the arena in one copy. String tables and charsets end at the
 * gate, too. */
#include "base/log.h"
#include "translate/wbxml/wbxml.h"
#include "translate/wbxml/wbxml_lib_private.h"
#include "translate/wbxml/wbxml_private.h"

#include <string.h>

/* ---- the gate ----------------------------------------------------------*/

struct place {
	uint32_t at, n; /* of a text, in the document */
};

struct gate {
	const uint8_t *doc, *p, *end;
	struct place table;   /* string table */
	struct buf skeleton;
	unsigned page;        /* as the document has it */
	unsigned page_out;    /* as the skeleton has it */
	unsigned depth;
	unsigned tokens;      /* elements and texts so far */
	uint64_t text;        /* bytes of text so far */
	int unknown;          /* first tag missing from the table, or -1 */
	const char *bad;      /* first fault; all takers yield zero from then */
};

/* Two for a page, one for a tag, one for its END; ten for a text. */
#define SKELETON_MAX ((size_t)MAX_WBXML_NODES * 10 + 64)

static uint32_t
refuse(struct gate *g, const char *why)
{
	if (g->bad == NULL)
		g->bad = why;
	return 0;
}

static unsigned
take_byte(struct gate *g)
{
	if (g->bad != NULL || g->p == g->end)
		return refuse(g, "cut off");
	return *g->p++;
}

/* mb_u_int32: at most five bytes of seven bits. */
static uint32_t
take_number(struct gate *g)
{
	uint64_t v = 0;
	unsigned byte, i;

	for (i = 0; i < 5; i++) {
		byte = take_byte(g);
		v = v << 7 | (byte & 0x7f);
		if ((byte & 0x80) == 0)
			return v <= UINT32_MAX ? (uint32_t)v :
			       refuse(g, "number over 32 bits");
	}
	return refuse(g, "number over five bytes");
}

/* The next n bytes. */
static struct place
take_place(struct gate *g, size_t n)
{
	struct place where = { 0, 0 };

	if (g->bad != NULL || n > (size_t)(g->end - g->p)) {
		refuse(g, "length past the end");
		return where;
	}
	where.at = (uint32_t)(g->p - g->doc);
	where.n = (uint32_t)n;
	g->p += n;
	return where;
}

static void
gate_header(struct gate *g)
{
	unsigned version = take_byte(g);
	uint32_t charset;

	if (version < 1 || version > 3)
		refuse(g, "not WBXML 1.1 to 1.3");
	if (take_number(g) == 0)
		take_number(g); /* public id: an index into the table */
	charset = take_number(g);
	/* 0 is "unknown", which over HTTP means UTF-8 here; 3 is US-ASCII */
	if (charset != WBXML_UTF8 && charset != 0 && charset != 3)
		refuse(g, "charset is not UTF-8");
	g->table = take_place(g, take_number(g));
}

static void
gate_text(struct gate *g, struct place where)
{
	if (g->bad != NULL || where.n == 0)
		return;
	if (++g->tokens > MAX_WBXML_NODES) {
		refuse(g, "too many texts");
		return;
	}
	/* STR_T can name one long string many times */
	g->text += where.n;
	if (g->text > MAX_REQUEST) {
		refuse(g, "too much text");
		return;
	}
	buf_byte(&g->skeleton, (char)TOKEN_OPAQUE);
	buf_byte(&g->skeleton, sizeof(where));
	buf_put(&g->skeleton, &where, sizeof(where));
}

static void
gate_inline(struct gate *g)
{
	const uint8_t *nul = memchr(g->p, 0, (size_t)(g->end - g->p));

	if (nul == NULL) {
		refuse(g, "string without end");
		return;
	}
	gate_text(g, take_place(g, (size_t)(nul - g->p)));
	g->p++;
}

/* Some encoders leave out the NUL behind the last string of the table. */
static void
gate_table_string(struct gate *g)
{
	uint32_t at = take_number(g);
	const uint8_t *p, *nul;
	size_t room;

	if (at >= g->table.n) {
		refuse(g, "string outside the table");
		return;
	}
	p = g->doc + g->table.at + at;
	room = g->table.n - at;
	nul = memchr(p, 0, room);
	gate_text(g, (struct place){
		.at = g->table.at + at,
		.n = (uint32_t)(nul != NULL ? (size_t)(nul - p) : room),
	});
}

static void
gate_tag(struct gate *g, unsigned token)
{
	wbxml_tag tag = (wbxml_tag)(g->page << 8 | (token & TOKEN_LAST_TAG));

	if ((token & BIT_ATTRIBUTES) != 0 ||
	    (token & TOKEN_LAST_TAG) < TOKEN_FIRST_TAG) {
		refuse(g, "token that ActiveSync does not use");
		return;
	}
	if (g->depth >= MAX_WBXML_DEPTH) {
		refuse(g, "nested too deep");
		return;
	}
	if (++g->tokens > MAX_WBXML_NODES) {
		refuse(g, "too many elements");
		return;
	}
	if (g->unknown < 0 && wbxml_tag_name(tag) == NULL)
		g->unknown = tag;
	if (g->page != g->page_out) {
		g->page_out = g->page;
		buf_byte(&g->skeleton, TOKEN_SWITCH_PAGE);
		buf_byte(&g->skeleton, (char)g->page);
	}
	buf_byte(&g->skeleton, (char)token);
	if ((token & BIT_CONTENT) != 0)
		g->depth++;
}

static void
gate_end(struct gate *g)
{
	buf_byte(&g->skeleton, TOKEN_END);
	g->depth--;
}

/* What may stand between the tags of an element. */
static void
gate_content(struct gate *g)
{
	unsigned token = take_byte(g);

	if (g->bad != NULL)
		return;
	switch (token) {
	case TOKEN_SWITCH_PAGE:
		g->page = take_byte(g);
		break;
	case TOKEN_END:
		gate_end(g);
		break;
	case TOKEN_STR_I:
		gate_inline(g);
		break;
	case TOKEN_STR_T:
		gate_table_string(g);
		break;
	case TOKEN_OPAQUE:
		gate_text(g, take_place(g, take_number(g)));
		break;
	default:
		gate_tag(g, token);
	}
}

/* What follows the root element is ignored, as every server does. */
static void
gate_document(struct gate *g)
{
	static const char header[] = { 3, 1, WBXML_UTF8, 0 };
	unsigned token;

	gate_header(g);
	buf_put(&g->skeleton, header, sizeof(header));
	while ((token = take_byte(g)) == TOKEN_SWITCH_PAGE && g->bad == NULL)
		g->page = take_byte(g);
	if (g->bad == NULL)
		gate_tag(g, token);
	while (g->depth > 0 && g->bad == NULL)
		gate_content(g);
}

static bool
gate_run(struct gate *g, struct span doc, struct err *e)
{
	*g = (struct gate){
		.doc = (const uint8_t *)doc.p,
		.p = (const uint8_t *)doc.p,
		.end = (const uint8_t *)doc.p + doc.n,
		.skeleton = BUF_INIT(SKELETON_MAX),
		.unknown = -1,
	};
	if (doc.n == 0)
		refuse(g, "empty");
	else if (doc.n > MAX_REQUEST)
		refuse(g, "too long");
	else
		gate_document(g);
	if (g->bad != NULL)
		return err_set(e, ERR_INVALID, SCOPE_ACCOUNT,
			       "WBXML: %s at byte %zu of %zu", g->bad,
			       (size_t)(g->p - g->doc), doc.n);
	if (g->unknown >= 0)
		log_line(LOG_DEBUG, "wbxml-unknown-tag",
			 "page=%d token=0x%02x", g->unknown >> 8,
			 (unsigned)g->unknown & 0xff);
	return buf_ok(&g->skeleton, e);
}

/* ---- the tree ----------------------------------------------------------*/

static const struct lib_tag lib_tags[] = {
#define PAGE(number, name)
#define TAG(number, page, token, name, opaque, since) \
	{ #name, number, token, 0 },
#include "translate/wbxml/wbxml_pages.def"
#undef PAGE
#undef TAG
	{ NULL, 0, 0, 0 },
};

#define N_LIB_TAGS (sizeof(lib_tags) / sizeof(lib_tags[0]) - 1)

static const struct lib_public_id lib_id = {
	1, "-//MICROSOFT//DTD ActiveSync//EN", "AirSync", NULL,
};

static const struct lib_language lib_languages[] = {
	{ .id = WBXML_LANG_ACTIVESYNC, .public_id = &lib_id, .tags = lib_tags },
	{ .id = (WBXMLLanguage)-1 },
};

struct level {
	struct wbxml_node *node, *last; /* last child so far */
};

struct builder {
	struct arena *arena;
	struct span doc;
	struct wbxml_node *root;
	struct level open[MAX_WBXML_DEPTH];
	unsigned depth;
	unsigned skipping; /* open elements of a subtree that is left out */
	struct buf places; /* struct place: text of the innermost element */
	bool bad; /* the library called us in a way it never should */
};

static bool
is_ours(const struct lib_element *el)
{
	return el->type == LIB_TOKEN && el->u.tag >= lib_tags &&
	       el->u.tag < lib_tags + N_LIB_TAGS;
}

static void
link_node(struct builder *b, struct wbxml_node *n)
{
	struct level *up;

	if (b->depth == 0) {
		b->root = n;
		return;
	}
	up = &b->open[b->depth - 1];
	if (up->last == NULL)
		up->node->child = n;
	else
		up->last->next = n;
	up->last = n;
}

static void
on_start(void *ctx, struct lib_element *el, void **attrs, WB_BOOL empty)
{
	struct builder *b = ctx;
	struct wbxml_node *n;

	(void)attrs;
	(void)empty; /* an end follows either way */
	if (b->skipping > 0 || !is_ours(el)) {
		b->skipping++;
		return;
	}
	if (b->depth >= MAX_WBXML_DEPTH) {
		b->bad = true;
		return;
	}
	n = arena_alloc(b->arena, sizeof(*n));
	n->tag = (wbxml_tag)(el->u.tag->page << 8 | el->u.tag->token);
	n->text = SPAN("");
	link_node(b, n);
	b->open[b->depth++] = (struct level){ .node = n };
	buf_cut(&b->places, 0);
}

static void
on_text(void *ctx, WB_UTINY *p, WB_ULONG start, WB_ULONG n)
{
	struct builder *b = ctx;
	struct place where;

	if (b->skipping > 0)
		return;
	if (n != sizeof(where)) {
		b->bad = true;
		return;
	}
	memcpy(&where, p + start, sizeof(where));
	if (where.at > b->doc.n || where.n > b->doc.n - where.at) {
		b->bad = true;
		return;
	}
	buf_put(&b->places, &where, sizeof(where));
}

/* The texts of one element as one, with a NUL behind. */
static struct span
join(struct builder *b)
{
	const struct place *all = (const void *)b->places.p;
	size_t i, count = b->places.n / sizeof(*all), total = 0;
	char *p, *at;

	if (count == 0)
		return SPAN("");
	if (count == 1)
		return span_from(arena_str(b->arena,
					   span_from(b->doc.p + all->at,
						     all->n)),
				 all->n);
	for (i = 0; i < count; i++)
		total += all[i].n;
	at = p = arena_alloc(b->arena, total + 1);
	for (i = 0; i < count; i++) {
		memcpy(at, b->doc.p + all[i].at, all[i].n);
		at += all[i].n;
	}
	return span_from(p, total);
}

static void
on_end(void *ctx, struct lib_element *el, WB_BOOL empty)
{
	struct builder *b = ctx;
	struct wbxml_node *n;

	(void)el;
	(void)empty;
	if (b->skipping > 0) {
		b->skipping--;
		return;
	}
	if (b->bad || b->depth == 0) {
		b->bad = true;
		return;
	}
	n = b->open[--b->depth].node;
	if (n->child == NULL)
		n->text = join(b);
	buf_cut(&b->places, 0);
}

static bool
parse(struct builder *b, const struct gate *g, struct err *e)
{
	struct lib_handler handler = {
		.element_start = on_start,
		.element_end = on_end,
		.characters = on_text,
	};
	WBXMLParser *parser = wbxml_parser_create();
	WBXMLError rc;

	if (parser == NULL)
		return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			       "libwbxml: no memory");
	wbxml_parser_set_main_table(parser, lib_languages);
	wbxml_parser_set_language(parser, WBXML_LANG_ACTIVESYNC);
	wbxml_parser_set_content_handler(parser, &handler);
	wbxml_parser_set_user_data(parser, b);
	rc = wbxml_parser_parse(parser, (WB_UTINY *)g->skeleton.p,
				(WB_ULONG)g->skeleton.n);
	wbxml_parser_destroy(parser);

	if (rc != WBXML_OK || b->bad || b->depth != 0 || b->skipping != 0)
		return err_set(e, ERR_BUG, SCOPE_ACCOUNT,
			       "libwbxml refuses what the gate let through: %d",
			       (int)rc);
	if (b->root == NULL)
		return err_set(e, ERR_INVALID, SCOPE_ACCOUNT,
			       "WBXML: unknown root element");
	return true;
}

bool
wbxml_read(struct arena *a, struct span doc, struct wbxml_node **root_out,
	   struct err *e)
{
	struct gate g;
	struct builder b = {
		.arena = a,
		.doc = doc,
		.places = BUF_INIT(MAX_WBXML_NODES * sizeof(struct place)),
	};
	bool ok;

	ok = gate_run(&g, doc, e) && parse(&b, &g, e);
	buf_free(&g.skeleton);
	buf_free(&b.places);
	if (ok)
		*root_out = b.root;
	return ok;
}

/* ---- asking the tree ---------------------------------------------------*/

const struct wbxml_node *
wbxml_child(const struct wbxml_node *n, wbxml_tag t)
{
	const struct wbxml_node *c;

	if (n == NULL)
		return NULL;
	for (c = n->child; c != NULL && c->tag != t; c = c->next)
		;
	return c;
}

const struct wbxml_node *
wbxml_again(const struct wbxml_node *n)
{
	const struct wbxml_node *c;

	for (c = n->next; c != NULL && c->tag != n->tag; c = c->next)
		;
	return c;
}

struct span
wbxml_child_text(const struct wbxml_node *n, wbxml_tag t)
{
	const struct wbxml_node *c = wbxml_child(n, t);

	return c != NULL ? c->text : SPAN("");
}

bool
wbxml_has(const struct wbxml_node *n, wbxml_tag t)
{
	return wbxml_child(n, t) != NULL;
}

bool
wbxml_child_bool(const struct wbxml_node *n, wbxml_tag t, bool absent)
{
	const struct wbxml_node *c = wbxml_child(n, t);

	if (c == NULL)
		return absent;
	return c->text.n == 0 || span_eq(c->text, SPAN("1"));
}

bool
wbxml_child_u32(const struct wbxml_node *n, wbxml_tag t, uint32_t *out)
{
	struct span s = wbxml_child_text(n, t);
	uint64_t v = 0;
	size_t i;

	if (s.n == 0)
		return false;
	for (i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
		if (v > UINT32_MAX)
			v = UINT32_MAX;
	}
	*out = (uint32_t)v;
	return true;
}

/* ---- self test ---------------------------------------------------------*/

/* One document with everything a phone may send, and the same as our writer
 * says it. */
static const char golden[] =
	"\x02\x00\x00\x6a\x04SKy\x00"        /* 1.2, string table "SKy" */
	"\x00\x19\x00\x00\x45"               /* Sync */
	"\x4b\x83\x00\x03" "1\x00\x03" "2\x00\x01" /* SyncKey in three texts */
	"\x4b\x01"                           /* SyncKey without content */
	"\x7d\x03x\x00\x47\x01\x01"          /* unknown, with a child */
	"\x00\x14\x58\xc3\x81\x00"           /* ConversationId, 128 bytes */
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab\x00" "def"
	"\x01"
	"\x00\xfe\x45\x03n\x00\x01"          /* page 254 */
	"\x00\x19\x4a\x03" "1\x00\x01"       /* Find: Status */
	"\x00\x00\x14\x01";                  /* MoreAvailable, END */

static const char golden_again[] =
	"\x03\x01\x6a\x00\x45\x4b\x03SKy12\x00\x01\x0b"
	"\x00\x14\x58\xc3\x81\x00"
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab\x00" "def"
	"\x01"
	"\x00\x19\x4a\x03" "1\x00\x01\x00\x00\x14\x01";

bool
wbxml_self_test(struct err *e)
{
	struct arena *a = arena_new();
	struct buf out = BUF_INIT(sizeof(golden) * 2);
	struct wbxml_writer w;
	struct wbxml_node *root;
	bool ok;

	ok = wbxml_read(a, span_from(golden, sizeof(golden) - 1), &root, e);
	if (ok) {
		wbxml_begin(&w, &out);
		wbxml_copy(&w, root);
		ok = wbxml_end(&w, e) &&
		     span_eq(buf_view(&out),
			     span_from(golden_again,
				       sizeof(golden_again) - 1));
	}
	buf_free(&out);
	arena_free(&a);
	if (!ok) {
		err_set(e, ERR_BUG, SCOPE_ACCOUNT,
			"libwbxml is not the one we know");
		log_line(LOG_ERROR, "wbxml-self-test",
			 "failed=1 text=\"%s\"", e != NULL ? e->text : "");
	}
	return ok;
}
