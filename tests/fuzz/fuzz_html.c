/* Any bytes are HTML, and any text fits its limit. */
#include <stdlib.h>

#include "base/utf8.h"
#include "translate/text/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_new();
	struct span html = span_from(p, n), s;

	s = html_to_text(a, html, HTML_TEXT_BODY, n ? p[0] : 0, NULL);
	if (s.n > (n ? p[0] : 0) || !utf8_valid(s))
		abort();
	s = html_to_text(a, html, HTML_TEXT_PREVIEW, 4096, NULL);
	text_preview(a, s, 255);
	html_declare_utf8(a, html);
	text_to_html(a, html);
	arena_free(&a);
	return 0;
}
