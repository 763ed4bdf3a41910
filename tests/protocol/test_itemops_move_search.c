/* ItemOperations, MoveItems, Search, GetAttachment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/harness.h"

static struct harness h;

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){
			       .name = "test_itemops_move_search" });
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

/* A mail with a text, and a file of the 256 bytes 00 to FF. */
#define PAGE_OF_BYTES                                                         \
	"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v\n" \
	"MDEyMzQ1Njc4OTo7PD0+P0BBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5f\n" \
	"YGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6e3x9fn+AgYKDhIWGh4iJiouMjY6P\n" \
	"kJGSk5SVlpeYmZqbnJ2en6ChoqOkpaanqKmqq6ytrq+wsbKztLW2t7i5uru8vb6/\n" \
	"wMHCw8TFxsfIycrLzM3Oz9DR0tPU1dbX2Nna29zd3t/g4eLj5OXm5+jp6uvs7e7v\n" \
	"8PHy8/T19vf4+fr7/P3+/w==\n"

#define WITH_FILE(subject)                                                    \
	"From: Carla <carla@elsewhere.test>\nTo: user1@example.test\n"        \
	"Subject: " subject "\nMIME-Version: 1.0\n"                           \
	"Message-ID: <" subject "@elsewhere>\n"                               \
	"Content-Type: multipart/mixed; boundary=b\n\n"                       \
	"--b\nContent-Type: text/plain; charset=utf-8\n\n"                    \
	"Zwölf Boxkämpfer jagen Viktor\n"                                     \
	"--b\nContent-Type: application/x-page; name=page.bin\n"              \
	"Content-Transfer-Encoding: base64\n"                                 \
	"Content-Disposition: attachment; filename=page.bin\n\n" PAGE_OF_BYTES \
	"--b--\n"

struct stage {
	struct phone *p;
	struct phone_folder *f;
	struct phone_item *it;
	const char *ref; /* FileReference */
};

static struct stage
stage(const char *name, const char *mail)
{
	struct stage s = { .p = harness_ready_phone(&h, 0, name) };

	s.f = harness_folder(&h, s.p, 0, name);
	imap_put(&h, 0, name, mail);
	phone_sync_all(s.p, s.f);
	assert_non_null(s.f->items);
	s.it = s.f->items;
	s.ref = item_text(s.it, "Attachments/Attachment/FileReference");
	return s;
}

#define FETCH "/ItemOperations/Response/Fetch/"

static void
expect_page(const struct answer *a, size_t from, size_t n)
{
	struct bytes b = { 0 };
	size_t i;

	assert_true(answer_file(a, &b));
	assert_int_equal(b.n, n);
	for (i = 0; i < n; i++)
		assert_int_equal((unsigned char)b.p[i], from + i);
	bytes_free(&b);
}

/* ---- fetching files ----------------------------------------------------*/

/* MS-ASCMD_R2130, R3716: base64 text; no Range unasked. */
static void
file(void **state)
{
	struct stage s = stage("IoFile", WITH_FILE("IoFile"));
	struct answer *a = phone_fetch_file(s.p, s.ref, NULL, false);

	(void)state;
	answer_expect(a, "/ItemOperations/Status", "1");
	answer_expect(a, FETCH "Status", "1");
	answer_expect(a, FETCH "FileReference", s.ref);
	answer_expect(a, FETCH "Properties/ContentType", "application/x-page");
	assert_false(answer_has(a, FETCH "Properties/Range"));
	assert_false(answer_has(a, FETCH "Properties/Total"));
	expect_page(a, 0, 256);
}

/* MS-ASCMD_R3711, R3715, R4160 (8): inclusive, zero-based. */
static void
file_ranges(void **state)
{
	struct stage s = stage("IoRange", WITH_FILE("IoRange"));
	struct answer *a = phone_fetch_file(s.p, s.ref, "10-19", false);

	(void)state;
	answer_expect(a, FETCH "Properties/Range", "10-19");
	answer_expect(a, FETCH "Properties/Total", "256");
	expect_page(a, 10, 10);
	a = phone_fetch_file(s.p, s.ref, "250-999", false);
	answer_expect(a, FETCH "Properties/Range", "250-255");
	expect_page(a, 250, 6);
	a = phone_fetch_file(s.p, s.ref, "256-300", false);
	answer_expect(a, FETCH "Status", "8");
	a = phone_fetch_file(s.p, s.ref, "0-0", true);
	expect_page(a, 0, 1);
}

/* MS-ASCMD_R236, R5505 to R5517: parts of raw bytes. */
static void
multipart(void **state)
{
	struct stage s = stage("IoMulti", WITH_FILE("IoMulti"));
	struct answer *a = phone_fetch_file(s.p, s.ref, NULL, true);

	(void)state;
	assert_int_equal(strncmp(a->type, "application/vnd.ms-sync.multipart",
				 33),
			 0);
	assert_int_equal(a->n_parts, 2);
	answer_expect(a, FETCH "Properties/Part", "1");
	expect_page(a, 0, 256);
	a = phone_fetch_item(s.p, s.f->id, s.it->id,
			     "<base:BodyPreference><base:Type>1</base:Type>"
			     "</base:BodyPreference>",
			     true);
	answer_expect(a, FETCH "Properties/Body/Part", "1");
	assert_non_null(memmem(a->parts[1].p, a->parts[1].n, "Zwölf", 6));
	s.p->base64_query = true;
	a = phone_fetch_file(s.p, s.ref, NULL, true);
	assert_int_equal(a->n_parts, 2);
}

/* MS-ASCMD_R4166, MS-ASAIRS_R214: 15. */
static void
bad_references(void **state)
{
	struct stage s = stage("IoBad", WITH_FILE("IoBad"));
	struct answer *a;
	char *stray = bytes_format("%s9", s.ref);

	(void)state;
	a = phone_fetch_file(s.p, stray, NULL, false);
	answer_expect(a, FETCH "Status", "15");
	a = phone_fetch_file(s.p, "nonsense", NULL, false);
	answer_expect(a, FETCH "Status", "15");
	a = phone_fetch_file(s.p, "", NULL, false);
	answer_expect(a, FETCH "Status", "15");
	free(stray);
}

/* Up to 12.1: GetAttachment gives the bare bytes. */
static void
get_attachment(void **state)
{
	struct stage s = stage("IoGet", WITH_FILE("IoGet"));
	struct answer *a;
	size_t i;

	(void)state;
	s.p->version = "12.1";
	a = phone_get_attachment(s.p, s.ref);
	answer_expect_http(a, 200);
	assert_int_equal(a->n_raw, 256);
	for (i = 0; i < 256; i++)
		assert_int_equal((unsigned char)a->raw[i], i);
	assert_string_equal(a->type, "application/x-page");
	s.p->unchecked = true;
	a = phone_get_attachment(s.p, "nonsense");
	assert_int_not_equal(a->status, 200);
}

/* A reference outlives the session and the device. */
static void
references_are_lasting(void **state)
{
	struct stage s = stage("IoLast", WITH_FILE("IoLast"));
	struct phone *q = harness_phone(&h, 0, "IoLastOther");

	(void)state;
	harness_restart(&h);
	expect_page(phone_fetch_file(s.p, s.ref, NULL, false), 0, 256);
	expect_page(phone_fetch_file(q, s.ref, NULL, false), 0, 256);
}

/* Another user's references open nothing. */
static void
references_are_private(void **state)
{
	struct stage s = stage("IoPrivate", WITH_FILE("IoPrivate"));
	struct phone *q;
	struct answer *a;

	(void)state;
	if (h.n_users < 2)
		return;
	q = harness_ready_phone(&h, 1, "IoPrivateB");
	a = phone_fetch_file(q, s.ref, NULL, false);
	answer_expect(a, FETCH "Status", "15");
	a = phone_fetch_item(q, s.f->id, s.it->id, NULL, false);
	assert_int_not_equal(answer_int(a, FETCH "Status"), 1);
}

/* ---- fetching items ----------------------------------------------------*/

/* MS-ASCMD_R1652; the whole mail again; \Seen is not set. */
static void
item(void **state)
{
	struct stage s = stage("IoItem", WITH_FILE("IoItem"));
	struct answer *a;
	struct imap *c = imap_open(&h, 0);

	(void)state;
	a = phone_fetch_item(s.p, s.f->id, s.it->id,
			     "<base:BodyPreference><base:Type>1</base:Type>"
			     "</base:BodyPreference>",
			     false);
	answer_expect(a, FETCH "Status", "1");
	answer_expect(a, FETCH "ServerId", s.it->id);
	answer_expect(a, FETCH "CollectionId", s.f->id);
	answer_expect(a, FETCH "Class", "Email");
	answer_expect(a, FETCH "Properties/Subject", "IoItem");
	assert_non_null(strstr(answer_text(a, FETCH "Properties/Body/Data"),
			       "Boxkämpfer"));
	assert_false(imap_has_flag(c, "IoItem", imap_uid(c, "IoItem", "IoIt"),
				   "\\Seen"));
	imap_close(c);
}

/* MS-ASCMD_R3363 to R3368: the whole MIME. */
static void
item_as_mime(void **state)
{
	struct stage s = stage("IoMime", WITH_FILE("IoMime"));
	struct answer *a;
	const char *data;

	(void)state;
	a = phone_fetch_item(s.p, s.f->id, s.it->id,
			     "<airsync:MIMESupport>2</airsync:MIMESupport>"
			     "<base:BodyPreference><base:Type>4</base:Type>"
			     "</base:BodyPreference>",
			     false);
	answer_expect(a, FETCH "Properties/Body/Type", "4");
	data = answer_text(a, FETCH "Properties/Body/Data");
	assert_non_null(strstr(data, "Message-ID: <IoMime@elsewhere>\r\n"));
	assert_non_null(strstr(data, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGB"));
}

static void
item_truncated(void **state)
{
	struct stage s = stage("IoTrunc", WITH_FILE("IoTrunc"));
	struct answer *a;

	(void)state;
	a = phone_fetch_item(s.p, s.f->id, s.it->id,
			     "<base:BodyPreference><base:Type>1</base:Type>"
			     "<base:TruncationSize>4</base:TruncationSize>"
			     "</base:BodyPreference>",
			     false);
	answer_expect(a, FETCH "Properties/Body/Data", "Zwö");
	answer_expect(a, FETCH "Properties/Body/Truncated", "1");
}

/* Each operation has its own Status; a bad one stops none (R2952). */
static void
several_fetches(void **state)
{
	struct stage s = stage("IoSeveral", WITH_FILE("IoSeveral"));
	struct answer *a;

	(void)state;
	a = phone_postf(s.p, "ItemOperations",
			"<ItemOperations><Fetch><Store>Mailbox</Store>"
			"<airsync:CollectionId>%s</airsync:CollectionId>"
			"<airsync:ServerId>%s:777777</airsync:ServerId>"
			"</Fetch><Fetch><Store>Mailbox</Store>"
			"<airsync:CollectionId>%s</airsync:CollectionId>"
			"<airsync:ServerId>%s</airsync:ServerId></Fetch>"
			"<Fetch><Store>Mailbox</Store>"
			"<base:FileReference>%s</base:FileReference></Fetch>"
			"</ItemOperations>",
			s.f->id, s.f->id, s.f->id, s.it->id, s.ref);
	answer_expect(a, "/ItemOperations/Status", "1");
	assert_int_equal(answer_count(a, "/ItemOperations/Response/Fetch"), 3);
	answer_expect(a, "/ItemOperations/Response/Fetch[1]/Status", "6");
	answer_expect(a, "/ItemOperations/Response/Fetch[2]/Status", "1");
	answer_expect(a, "/ItemOperations/Response/Fetch[3]/Status", "1");
}

/* R4161 (9): a store nobody knows; R4163 (11): too many operations. */
static void
bad_operations(void **state)
{
	struct stage s = stage("IoStore", WITH_FILE("IoStore"));
	struct bytes b = { 0 };
	struct answer *a;
	int i;

	(void)state;
	a = phone_postf(s.p, "ItemOperations",
			"<ItemOperations><Fetch><Store>Attic</Store>"
			"<base:FileReference>%s</base:FileReference></Fetch>"
			"</ItemOperations>",
			s.ref);
	assert_true(answer_int(a, FETCH "Status") == 9 ||
		    answer_int(a, "/ItemOperations/Status") == 9);
	bytes_str(&b, "<ItemOperations>");
	for (i = 0; i < 101; i++)
		bytes_printf(&b,
			     "<Fetch><Store>Mailbox</Store>"
			     "<base:FileReference>%s</base:FileReference>"
			     "</Fetch>",
			     s.ref);
	bytes_str(&b, "</ItemOperations>");
	a = phone_post(s.p, "ItemOperations", b.p);
	answer_expect(a, "/ItemOperations/Status", "11");
	bytes_free(&b);
}

/* ---- EmptyFolderContents, Move -----------------------------------------*/

#define EMPTIED "/ItemOperations/Response/EmptyFolderContents/"

/* MS-ASCMD_R2243, R2244: for good; subfolders only when asked. */
static void
empty_folder(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "IoEmpty");
	struct phone_folder *f = harness_folder(&h, p, 0, "IoEmpty");
	struct imap *c = imap_open(&h, 0);
	struct answer *a;

	(void)state;
	imap_cmd(c, "CREATE IoEmpty/Sub");
	imap_fill(&h, 0, "IoEmpty", "e", 5, NULL);
	imap_fill(&h, 0, "IoEmpty/Sub", "s", 2, NULL);
	answer_expect(phone_folder_sync(p), "/FolderSync/Status", "1");
	f = phone_need_name(p, "IoEmpty");
	phone_sync_all(p, f);
	a = phone_empty_folder(p, f->id, false);
	answer_expect(a, EMPTIED "Status", "1");
	answer_expect(a, EMPTIED "CollectionId", f->id);
	assert_int_equal(imap_count(c, "IoEmpty"), 0);
	assert_int_equal(imap_count(c, "IoEmpty/Sub"), 2);
	assert_int_equal(imap_uid(c, h.trash, "e 1"), 0);
	phone_sync_all(p, f);
	assert_int_equal(folder_count(f), 0);
	a = phone_empty_folder(p, f->id, true);
	answer_expect(a, EMPTIED "Status", "1");
	imap_cmd(c, "LIST \"\" \"IoEmpty/Sub\"");
	assert_null(imap_line(c, "* LIST"));
	a = phone_empty_folder(p, "99999999", false);
	assert_int_not_equal(answer_int(a, EMPTIED "Status"), 1);
	imap_close(c);
}

static struct answer *
move_conversation(struct phone *p, const char *conversation, const char *to,
		  const char *options)
{
	return phone_postf(p, "ItemOperations",
			   "<ItemOperations><Move><ConversationId>%s"
			   "</ConversationId><DstFldId>%s</DstFldId>%s</Move>"
			   "</ItemOperations>",
			   conversation, to, options);
}

/* Without MoveAlways: 155 (reference 21); else moved, or refused openly. */
static void
conversation_move(void **state)
{
	struct stage s = stage("IoConv", WITH_FILE("IoConv"));
	const char *conversation = item_text(s.it, "ConversationId");
	struct phone_folder *t = phone_need_type(s.p, 4);
	struct answer *a;

	(void)state;
	a = move_conversation(s.p, conversation, t->id, "");
	answer_expect(a, "/ItemOperations/Response/Move/Status", "155");
	a = move_conversation(s.p, conversation, t->id,
			      "<Options><MoveAlways/></Options>");
	assert_true(answer_has(a, "/ItemOperations/Response/Move/Status"));
}

/* ---- MoveItems ---------------------------------------------------------*/

#define MOVED "/MoveItems/Response/"

/* MS-ASCMD_R285, R289, R290, R4217: 3, and the new id is the one by which
 * the target's Sync names the mail. */
static void
move(void **state)
{
	struct stage s = stage("MvMove", WITH_FILE("MvMove"));
	struct phone_folder *t = harness_folder(&h, s.p, 0, "MvTarget");
	struct imap *c = imap_open(&h, 0);
	struct answer *a;
	char *id = strdup(s.it->id), *to;
	struct phone *q;
	struct phone_folder *f;

	(void)state;
	s.f = phone_need_name(s.p, "MvMove");
	phone_sync_all(s.p, t);
	a = phone_move(s.p, id, s.f->id, t->id);
	answer_expect(a, MOVED "Status", "3");
	answer_expect(a, MOVED "SrcMsgId", id);
	to = strdup(answer_text(a, MOVED "DstMsgId"));
	assert_int_equal(imap_count(c, "MvMove"), 0);
	assert_int_equal(imap_count(c, "MvTarget"), 1);
	phone_sync_all(s.p, s.f);
	phone_sync_all(s.p, t);
	assert_int_equal(folder_count(s.f), 0);
	assert_int_equal(folder_count(t), 1);
	assert_non_null(folder_item(t, to));
	q = harness_ready_phone(&h, 0, "MvOther");
	f = phone_need_name(q, "MvTarget");
	phone_sync_all(q, f);
	assert_non_null(folder_item(f, to));
	free(id);
	free(to);
	imap_close(c);
}

/* The answer was lost: the same again is 3 with the same DstMsgId. */
static void
move_repeated(void **state)
{
	struct stage s = stage("MvRepeat", WITH_FILE("MvRepeat"));
	struct phone_folder *t = harness_folder(&h, s.p, 0, "MvRepTo");
	struct imap *c = imap_open(&h, 0);
	struct answer *a, *b;

	(void)state;
	s.f = phone_need_name(s.p, "MvRepeat");
	phone_next_answer_lost(s.p);
	a = phone_move(s.p, s.f->items->id, s.f->id, t->id);
	assert_true(a->lost);
	a = phone_repeat_last(s.p);
	answer_expect(a, MOVED "Status", "3");
	b = phone_repeat_last(s.p);
	answer_expect(b, MOVED "Status", "3");
	answer_expect(b, MOVED "DstMsgId", answer_text(a, MOVED "DstMsgId"));
	assert_int_equal(imap_count(c, "MvRepTo"), 1);
	assert_int_equal(imap_count(c, "MvRepeat"), 0);
	imap_close(c);
}

/* MS-ASCMD_R4207, R4208 (1), R4212 (2), same folder 4 */
static void
move_errors(void **state)
{
	struct stage s = stage("MvError", WITH_FILE("MvError"));
	struct phone_folder *in = phone_inbox(s.p);
	char *stray = bytes_format("%s:777777", s.f->id);
	struct answer *a;

	(void)state;
	a = phone_move(s.p, stray, s.f->id, in->id);
	answer_expect(a, MOVED "Status", "1");
	assert_false(answer_has(a, MOVED "DstMsgId"));
	a = phone_move(s.p, s.it->id, "99999999", in->id);
	answer_expect(a, MOVED "Status", "1");
	a = phone_move(s.p, s.it->id, s.f->id, "99999999");
	answer_expect(a, MOVED "Status", "2");
	a = phone_move(s.p, s.it->id, s.f->id, s.f->id);
	answer_expect(a, MOVED "Status", "4");
	free(stray);
}

static void
move_many(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "MvMany");
	struct phone_folder *f = harness_folder(&h, p, 0, "MvMany"), *t;
	struct bytes b = { 0 };
	struct imap *c = imap_open(&h, 0);
	struct phone_item *it;
	struct answer *a;

	(void)state;
	imap_fill(&h, 0, "MvMany", "m", 20, NULL);
	t = harness_folder(&h, p, 0, "MvManyTo");
	f = phone_need_name(p, "MvMany");
	phone_sync_all(p, f);
	bytes_str(&b, "<MoveItems>");
	for (it = f->items; it; it = it->next)
		bytes_printf(&b,
			     "<Move><SrcMsgId>%s</SrcMsgId><SrcFldId>%s"
			     "</SrcFldId><DstFldId>%s</DstFldId></Move>",
			     it->id, f->id, t->id);
	bytes_str(&b, "</MoveItems>");
	a = phone_post(p, "MoveItems", b.p);
	assert_int_equal(answer_count(a, "/MoveItems/Response[Status=3]"), 20);
	assert_int_equal(imap_count(c, "MvManyTo"), 20);
	assert_int_equal(imap_count(c, "MvMany"), 0);
	bytes_free(&b);
	imap_close(c);
}

/* ---- Search ------------------------------------------------------------*/

#define STORE "/Search/Response/Store/"

static struct phone_folder *
library(struct phone *p)
{
	struct phone_folder *f = harness_folder(&h, p, 0, "SeLibrary");

	imap_put(&h, 0, "SeLibrary",
		 "From: Zoe Zebra <zoe@zoo.test>\nTo: user1@example.test\n"
		 "Subject: quarterly giraffe\n\nnothing here\n");
	imap_put(&h, 0, "SeLibrary",
		 "From: x@y.test\nTo: user1@example.test\n"
		 "Subject: something\nContent-Type: text/plain; "
		 "charset=utf-8\n\nthe giraffe eats Blätter\n");
	imap_put(&h, 0, "SeLibrary",
		 "From: x@y.test\nTo: user1@example.test\n"
		 "Subject: unrelated\n\nnothing at all\n");
	phone_sync_all(p, f);
	return f;
}

/* MS-ASCMD_R3846, R3849, R5849: subject and text; LongId opens the mail. */
static void
search_finds(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "sefind");
	struct phone_folder *f = library(p);
	struct answer *a, *b;
	char *query = bytes_format("<airsync:Class>Email</airsync:Class>"
				   "<airsync:CollectionId>%s"
				   "</airsync:CollectionId>"
				   "<FreeText>giraffe</FreeText>",
				   f->id);

	(void)state;
	a = phone_search(p, query,
			 "<Range>0-9</Range><base:BodyPreference><base:Type>1"
			 "</base:Type></base:BodyPreference>");
	answer_expect(a, "/Search/Status", "1");
	answer_expect(a, STORE "Status", "1");
	assert_int_equal(answer_count(a, STORE "Result"), 2);
	answer_expect(a, STORE "Range", "0-1");
	answer_expect(a, STORE "Total", "2");
	answer_expect(a, STORE "Result[1]/Class", "Email");
	answer_expect(a, STORE "Result[1]/CollectionId", f->id);
	answer_expect(a, STORE "Result[1]/Properties/Subject", "something");
	answer_expect(a, STORE "Result[2]/Properties/Subject",
		      "quarterly giraffe");
	b = phone_fetch_long(p, answer_text(a, STORE "Result[1]/LongId"),
			     NULL);
	answer_expect(b, FETCH "Status", "1");
	answer_expect(b, FETCH "Properties/Subject", "something");
	free(query);
}

static size_t
hits(struct phone *p, const char *text)
{
	char *query = bytes_format("<FreeText>%s</FreeText>", text);
	struct answer *a = phone_search(p, query, "<Range>0-99</Range>");
	size_t i, n = answer_count(a, STORE "Result"), found = 0;

	free(query);
	for (i = 0; i < n; i++)
		found += node_find(answer_nth(a, STORE "Result", i),
				   "LongId") != NULL;
	return found;
}

/* Words are ANDed; the sender counts; case and umlauts do not hinder;
 * without Class and CollectionId (Android) all folders are searched. */
static void
search_words(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "sewords");

	(void)state;
	library(p);
	assert_int_equal(hits(p, "QUARTERLY"), 1);
	assert_int_equal(hits(p, "zebra"), 1);
	assert_int_equal(hits(p, "quarterly giraffe"), 1);
	assert_int_equal(hits(p, "giraffe elephant"), 0);
	assert_int_equal(hits(p, "Blätter"), 1);
	assert_int_equal(hits(p, "&quot;odd\\&quot; * input"), 0);
}

/* MS-ASCMD_R3850: no hit: one empty Result, Status 1. */
static void
search_nothing(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "senone");
	struct answer *a;

	(void)state;
	a = phone_search(p, "<FreeText>xyzzyplugh</FreeText>",
			 "<Range>0-9</Range>");
	answer_expect(a, STORE "Status", "1");
	assert_int_equal(answer_count(a, STORE "Result"), 1);
	assert_false(answer_has(a, STORE "Result/LongId"));
}

/* Range past the end: 12; windows of one result (reference 23). */
static void
search_ranges(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "seranges");
	struct phone_folder *f = library(p);
	char *query = bytes_format("<airsync:CollectionId>%s"
				   "</airsync:CollectionId>"
				   "<FreeText>giraffe</FreeText>",
				   f->id);
	struct answer *a;

	(void)state;
	a = phone_search(p, query, "<Range>1-1</Range>");
	assert_int_equal(answer_count(a, STORE "Result"), 1);
	answer_expect(a, STORE "Range", "1-1");
	answer_expect(a, STORE "Total", "2");
	answer_expect(a, STORE "Result/Properties/Subject",
		      "quarterly giraffe");
	a = phone_search(p, query, "<Range>50-59</Range>");
	answer_expect(a, STORE "Status", "12");
	free(query);
}

static void
search_by_date(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "sedate");
	struct phone_folder *f = harness_folder(&h, p, 0, "SeDate");
	char *query;
	struct answer *a;

	(void)state;
	imap_fill(&h, 0, "SeDate", "camel old", 0,
		  "01-Mar-2020 12:00:00 +0000");
	imap_fill(&h, 0, "SeDate", "camel mid", 0,
		  "01-Mar-2022 12:00:00 +0000");
	imap_fill(&h, 0, "SeDate", "camel new", 0, NULL);
	query = bytes_format("<airsync:CollectionId>%s</airsync:CollectionId>"
			     "<FreeText>camel</FreeText><GreaterThan>"
			     "<email:DateReceived/><Value>2021-01-01T00:00:"
			     "00.000Z</Value></GreaterThan><LessThan>"
			     "<email:DateReceived/><Value>2023-01-01T00:00:"
			     "00.000Z</Value></LessThan>",
			     f->id);
	a = phone_search(p, query, "<Range>0-9</Range>");
	assert_int_equal(answer_count(a, STORE "Result"), 1);
	answer_expect(a, STORE "Result/Properties/Subject", "camel mid");
	free(query);
}

/* R923, R2032 and the like: what is too complex is 8. */
static void
search_too_complex(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "secomplex");
	struct answer *a;

	(void)state;
	a = phone_post(p, "Search",
		       "<Search><Store><Name>Mailbox</Name><Query><Or>"
		       "<FreeText>a</FreeText></Or></Query></Store></Search>");
	answer_expect(a, STORE "Status", "8");
}

/* A hit can be answered and moved away by its LongId. */
static void
reply_by_long_id(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "selong");
	struct smart k = { .client_id = "selong" };
	char *mail = crlf("From: user1@example.test\nTo: a@outside.test\n"
			  "Subject: SeLong\n\nreply text\n");
	struct bytes b = { 0 };
	struct answer *a;
	double end = phone_now_ms() + 10000;

	(void)state;
	library(p);
	a = phone_search(p, "<FreeText>quarterly</FreeText>",
			 "<Range>0-9</Range>");
	k.long_id = answer_text(a, STORE "Result/LongId");
	assert_non_null(k.long_id);
	a = phone_smart(p, "SmartReply", &k, mail, strlen(mail));
	answer_expect_http(a, 200);
	assert_int_equal(a->n_raw, 0);
	while (!sink_find(&h, "Subject: SeLong", &b) && phone_now_ms() < end)
		harness_sleep(20);
	assert_non_null(memmem(b.p, b.n, "nothing here", 12));
	free(mail);
	bytes_free(&b);
}

/* Moved by the phone and deleted by another program before anybody looked:
 * the phone knows the mail by the answer alone, and is told that it is gone.
 * It stayed for ever once, since no cursor had heard of it. */
static void
moved_and_gone(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "MvGone");
	struct phone_folder *from = harness_folder(&h, p, 0, "MvGoneFrom");
	struct phone_folder *to = harness_folder(&h, p, 0, "MvGoneTo");
	struct imap *c = imap_open(&h, 0);
	char item[64];

	(void)state;
	from = phone_need_name(p, "MvGoneFrom");
	imap_fill(&h, 0, "MvGoneFrom", "MvGone", 0, NULL);
	imap_fill(&h, 0, "MvGoneTo", "MvStays", 0, NULL);
	phone_sync_all(p, from);
	phone_sync_all(p, to);
	snprintf(item, sizeof(item), "%s", folder_need(from, "MvGone")->id);
	answer_expect(phone_move(p, item, from->id, to->id),
		      "/MoveItems/Response/Status", "3");
	folder_need(to, "MvGone");
	imap_expunge(c, "MvGoneTo", imap_uid(c, "MvGoneTo", "MvGone"));
	phone_sync_all(p, to);
	assert_null(folder_subject(to, "MvGone"));
	folder_need(to, "MvStays");
	imap_close(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file),
		cmocka_unit_test(file_ranges),
		cmocka_unit_test(multipart),
		cmocka_unit_test(bad_references),
		cmocka_unit_test(get_attachment),
		cmocka_unit_test(references_are_lasting),
		cmocka_unit_test(references_are_private),
		cmocka_unit_test(item),
		cmocka_unit_test(item_as_mime),
		cmocka_unit_test(item_truncated),
		cmocka_unit_test(several_fetches),
		cmocka_unit_test(bad_operations),
		cmocka_unit_test(empty_folder),
		cmocka_unit_test(conversation_move),
		cmocka_unit_test(move),
		cmocka_unit_test(move_repeated),
		cmocka_unit_test(move_errors),
		cmocka_unit_test(move_many),
		cmocka_unit_test(search_finds),
		cmocka_unit_test(search_words),
		cmocka_unit_test(search_nothing),
		cmocka_unit_test(search_ranges),
		cmocka_unit_test(search_by_date),
		cmocka_unit_test(search_too_complex),
		cmocka_unit_test(reply_by_long_id),
		cmocka_unit_test(moved_and_gone),
	};

	return cmocka_run_group_tests(tests, up, down);
}
