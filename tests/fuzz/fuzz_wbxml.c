/* Any bytes: no crash, no leak; what is accepted can be shown, and what the
 * writer makes of it is read back as the same. The first writing cleans the
 * texts, so from then on bytes must not change. */
#include "translate/wbxml/wbxml.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
write_tree(const struct wbxml_node *root, struct buf *out)
{
	struct wbxml_writer w;
	struct err e = { 0 };

	wbxml_begin(&w, out);
	wbxml_copy(&w, root);
	if (!wbxml_end(&w, &e))
		abort();
}

static void
check_round_trip(struct arena *a, const struct wbxml_node *root)
{
	struct buf once = BUF_INIT(MAX_ANSWER), twice = BUF_INIT(MAX_ANSWER);
	struct wbxml_node *again;
	struct err e = { 0 };

	write_tree(root, &once);
	if (!wbxml_read(a, buf_view(&once), &again, &e))
		abort();
	write_tree(again, &twice);
	if (!span_eq(buf_view(&once), buf_view(&twice)))
		abort();
	buf_free(&once);
	buf_free(&twice);
}

/* Every node, every text, and the NUL behind it. */
static size_t
touch(const struct wbxml_node *n)
{
	size_t sum = n->text.n;

	if (wbxml_tag_name(n->tag) == NULL || n->text.p[n->text.n] != '\0' ||
	    (n->child != NULL && n->text.n > 0))
		abort();
	for (n = n->child; n != NULL; n = n->next)
		sum += touch(n);
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct wbxml_node *root;
	struct span doc = span_from(data, size), shown, masked;
	struct err e = { 0 };

	if (wbxml_read(a, doc, &root, &e)) {
		touch(root);
		if (!wbxml_dump(a, doc, false, &shown, &e) ||
		    !wbxml_dump(a, doc, true, &masked, &e))
			abort();
		check_round_trip(a, root);
	} else if (e.code != ERR_INVALID) {
		abort(); /* the gate let through what libwbxml refused */
	}
	arena_free(&a);
	return 0;
}
