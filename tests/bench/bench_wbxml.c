/* WBXML out and in: a Sync of 100 mails of 50 KB, and one of 1,000 small
 * ones, against copying the same bytes and against libwbxml's conversion to
 * XML and back in the same run. Best of several rounds. */
#include "base/clock.h"
#include "translate/wbxml/wbxml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wbxml/wbxml.h>

#define ROUNDS 15
#define BODY_MAX 50000

static char body[BODY_MAX];

static void
put_mail(struct wbxml_writer *w, unsigned i, size_t size)
{
	char id[32];

	snprintf(id, sizeof(id), "7:%u", i);
	wbxml_open(w, WX_AirSync_Add);
	wbxml_str(w, WX_AirSync_ServerId, id);
	wbxml_open(w, WX_AirSync_ApplicationData);
	wbxml_str(w, WX_Email_To, "\"Alice\" <alice@example.org>");
	wbxml_str(w, WX_Email_From, "\"Bob\" <bob@example.net>");
	wbxml_str(w, WX_Email_Subject, "Quarterly report");
	wbxml_str(w, WX_Email_DateReceived, "2024-05-01T08:30:00.000Z");
	wbxml_uint(w, WX_Email_Importance, 1);
	wbxml_uint(w, WX_Email_Read, 0);
	wbxml_open(w, WX_AirSyncBase_Body);
	wbxml_uint(w, WX_AirSyncBase_Type, 2);
	wbxml_uint(w, WX_AirSyncBase_EstimatedDataSize, size);
	wbxml_text(w, WX_AirSyncBase_Data, span_from(body, size));
	wbxml_close(w);
	wbxml_empty(w, WX_Email_Flag);
	wbxml_text(w, WX_Email2_ConversationId, SPAN("0123456789abcdef"));
	wbxml_close(w);
	wbxml_close(w);
}

static void
put_sync(struct buf *out, unsigned mails, size_t size)
{
	struct wbxml_writer w;
	struct err e = { 0 };
	unsigned i;

	wbxml_begin(&w, out);
	wbxml_open(&w, WX_AirSync_Sync);
	wbxml_open(&w, WX_AirSync_Collections);
	wbxml_open(&w, WX_AirSync_Collection);
	wbxml_open(&w, WX_AirSync_Commands);
	for (i = 0; i < mails; i++)
		put_mail(&w, i, size);
	wbxml_close(&w);
	wbxml_close(&w);
	wbxml_close(&w);
	wbxml_close(&w);
	if (!wbxml_end(&w, &e)) {
		fprintf(stderr, "%s\n", e.text);
		exit(1);
	}
}

static int64_t
time_write(unsigned mails, size_t size, struct buf *out)
{
	int64_t t = clock_mono_us();

	buf_cut(out, 0);
	put_sync(out, mails, size);
	return clock_mono_us() - t;
}

static int64_t
time_read(struct span doc)
{
	struct arena *a = arena_new();
	struct wbxml_node *root;
	struct err e = { 0 };
	int64_t t = clock_mono_us();

	if (!wbxml_read(a, doc, &root, &e)) {
		fprintf(stderr, "%s\n", e.text);
		exit(1);
	}
	t = clock_mono_us() - t;
	arena_free(&a);
	return t;
}

static int64_t
time_copy(struct span doc, char *to)
{
	int64_t t = clock_mono_us();

	memcpy(to, doc.p, doc.n);
	t = clock_mono_us() - t;
	if (to[doc.n / 2] != doc.p[doc.n / 2]) /* keep the copy alive */
		exit(1);
	return t;
}

static int64_t
time_to_xml(struct span doc, WB_UTINY **xml, WB_ULONG *n)
{
	WBXMLConvWBXML2XML *conv = NULL;
	int64_t t = clock_mono_us();

	wbxml_conv_wbxml2xml_create(&conv);
	wbxml_conv_wbxml2xml_set_gen_type(conv, WBXML_GEN_XML_CANONICAL);
	wbxml_conv_wbxml2xml_enable_preserve_whitespaces(conv);
	wbxml_conv_wbxml2xml_set_language(conv, WBXML_LANG_ACTIVESYNC);
	if (wbxml_conv_wbxml2xml_run(conv, (WB_UTINY *)doc.p,
				     (WB_ULONG)doc.n, xml, n) != WBXML_OK)
		exit(1);
	wbxml_conv_wbxml2xml_destroy(conv);
	return clock_mono_us() - t;
}

static int64_t
time_from_xml(WB_UTINY *xml, WB_ULONG n)
{
	WBXMLConvXML2WBXML *conv = NULL;
	WB_UTINY *doc = NULL;
	WB_ULONG doc_n = 0;
	int64_t t = clock_mono_us();

	wbxml_conv_xml2wbxml_create(&conv);
	wbxml_conv_xml2wbxml_enable_preserve_whitespaces(conv);
	wbxml_conv_xml2wbxml_disable_string_table(conv);
	wbxml_conv_xml2wbxml_disable_public_id(conv);
	if (wbxml_conv_xml2wbxml_run(conv, xml, n, &doc, &doc_n) != WBXML_OK)
		exit(1);
	wbxml_conv_xml2wbxml_destroy(conv);
	t = clock_mono_us() - t;
	free(doc);
	return t;
}

enum what { COPY, WRITE, READ, TO_XML, FROM_XML, WHATS };

static void
note(int64_t *best, int64_t t)
{
	if (*best == 0 || t < *best)
		*best = t;
}

static void
run(const char *name, unsigned mails, size_t size)
{
	static const char *const names[] = {
		"memcpy", "write", "read", "libwbxml to XML",
		"libwbxml from XML",
	};
	struct buf out = BUF_INIT(MAX_ANSWER);
	int64_t best[WHATS] = { 0 };
	WB_UTINY *xml;
	WB_ULONG xml_n;
	char *to = NULL;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		note(&best[WRITE], time_write(mails, size, &out));
		if (to == NULL)
			to = xcalloc(1, out.n);
		note(&best[COPY], time_copy(buf_view(&out), to));
		note(&best[READ], time_read(buf_view(&out)));
		note(&best[TO_XML], time_to_xml(buf_view(&out), &xml, &xml_n));
		note(&best[FROM_XML], time_from_xml(xml, xml_n));
		free(xml);
	}
	printf("%s, %zu bytes\n", name, out.n);
	for (i = 0; i < WHATS; i++)
		printf("  %-18s %8.3f ms  %7.1f x memcpy\n", names[i],
		       (double)best[i] / 1000,
		       best[COPY] > 0 ? (double)best[i] / (double)best[COPY] :
					0.0);
	free(to);
	buf_free(&out);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(body); i++)
		body[i] = i % 72 == 71 ? '\n' : (char)('a' + i % 26);
	run("Sync of 100 mails of 50,000", 100, 50000);
	run("Sync of 1,000 mails of 100", 1000, 100);
	return 0;
}
