/* Sync of the Email class, both ways. Requirement ids are those of the
 * specification rows. Each test works in a mailbox of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/phone/harness.h"

static struct harness h;

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_sync_mail" });
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

/* A phone and a mailbox with n plain mails "<name> 1" ... synced. */
struct stage {
	struct phone *p;
	struct phone_folder *f;
	struct imap *c;
	const char *mailbox;
};

static struct stage
stage(const char *name, int n)
{
	struct stage s = { .mailbox = name };

	s.p = harness_ready_phone(&h, 0, name);
	s.f = harness_folder(&h, s.p, 0, name);
	if (n)
		imap_fill(&h, 0, name, name, n, NULL);
	s.c = imap_open(&h, 0);
	phone_sync_all(s.p, s.f);
	assert_int_equal(folder_count(s.f), n);
	return s;
}

static void
end(struct stage *s)
{
	imap_close(s->c);
}

static void
expect_text(const struct phone_item *it, const char *path, const char *want)
{
	const char *have = item_text(it, path);

	if (!have || strcmp(have, want) != 0)
		fail_msg("%s of %s is '%s', expected '%s'", path, it->id,
			 have ? have : "(absent)", want);
}

/* The single mail of the text (LF), delivered and synced with options. */
static struct phone_item *
one_mail(struct stage *s, const char *text, const char *options)
{
	phone_reset_folder(s->f);
	phone_set_options(s->f, options);
	imap_put(&h, 0, s->mailbox, text);
	phone_sync_all(s->p, s->f);
	assert_non_null(s->f->items);
	assert_null(s->f->items->next);
	return s->f->items;
}

static void
empty_mailbox(struct stage *s)
{
	imap_select(s->c, s->mailbox);
	imap_cmd(s->c, "STORE 1:* +FLAGS.SILENT (\\Deleted)");
	imap_cmd(s->c, "EXPUNGE");
}

/* ---- keys --------------------------------------------------------------*/

static struct answer *
prime(struct phone *p, struct phone_folder *f, const char *get_changes)
{
	return phone_postf(p, "Sync",
			   "<Sync><Collections><Collection><SyncKey>0"
			   "</SyncKey><CollectionId>%s</CollectionId>%s"
			   "</Collection></Collections></Sync>",
			   f->id, get_changes);
}

#define COLLECTION "/Sync/Collections/Collection/"

/* MS-ASCMD_R4599, R5555, R3129, R5839, R3128, R5838 */
static void
priming(void **state)
{
	struct stage s = stage("SyPrime", 1);
	struct answer *a = prime(s.p, s.f, "");

	(void)state;
	answer_expect(a, COLLECTION "Status", "1");
	assert_string_not_equal(answer_text(a, COLLECTION "SyncKey"), "0");
	assert_false(answer_has(a, COLLECTION "Commands"));
	a = prime(s.p, s.f, "<GetChanges>0</GetChanges>");
	answer_expect(a, COLLECTION "Status", "1");
	a = prime(s.p, s.f, "<GetChanges>1</GetChanges>");
	answer_expect(a, COLLECTION "Status", "4");
	a = prime(s.p, s.f, "<GetChanges/>");
	answer_expect(a, COLLECTION "Status", "4");
	end(&s);
}

static struct sync_result
sync_with(struct phone *p, const char *key, const char *id)
{
	char *xml = bytes_format("<Sync><Collections><Collection>"
				 "<SyncKey>%s</SyncKey><CollectionId>%s"
				 "</CollectionId></Collection></Collections>"
				 "</Sync>",
				 key, id);
	struct sync_result r = phone_sync_post(p, xml);

	free(xml);
	return r;
}

/* MS-ASCMD_R4425 (3), R4453 (12): one bad collection harms no other. */
static void
bad_keys_and_collections(void **state)
{
	struct stage s = stage("SyKeys", 1);
	struct sync_result r;
	struct answer *a;

	(void)state;
	r = sync_with(s.p, "nonsense", s.f->id);
	assert_int_equal(r.status, 3);
	r = sync_with(s.p, "4294967295-1-1", s.f->id);
	assert_int_equal(r.status, 3);
	r = sync_with(s.p, "0", "99999999");
	assert_true(r.status == 12 || r.root == 12);
	a = phone_postf(s.p, "Sync",
			"<Sync><Collections><Collection><SyncKey>nonsense"
			"</SyncKey><CollectionId>%s</CollectionId>"
			"</Collection><Collection><SyncKey>0</SyncKey>"
			"<CollectionId>%s</CollectionId></Collection>"
			"</Collections></Sync>",
			s.f->id, phone_inbox(s.p)->id);
	answer_expect(a, "/Sync/Collections/Collection[Status=3]/CollectionId",
		      s.f->id);
	answer_expect(a, "/Sync/Collections/Collection[Status=1]/CollectionId",
		      phone_inbox(s.p)->id);
	end(&s);
}

/* MS-ASCMD_R667, R679: nothing to tell is an empty answer. */
static void
nothing_new_is_empty(void **state)
{
	struct stage s = stage("SyNothing", 2);
	struct sync_result r;
	char *key = strdup(s.f->key);

	(void)state;
	r = phone_sync(s.p, s.f, NULL);
	assert_true(r.empty);
	assert_int_equal(r.a->n_raw, 0);
	assert_string_equal(key, s.f->key);
	free(key);
	end(&s);
}

/* The answer is lost; the repeated request brings the same items with the
 * same ids, and what the phone asked is done once. */
static void
lost_answers(void **state)
{
	struct stage s = stage("SyLost", 3);
	struct sync_result r;
	unsigned uid;

	(void)state;
	imap_fill(&h, 0, s.mailbox, "late", 2, NULL);
	phone_next_answer_lost(s.p);
	r = phone_sync(s.p, s.f, NULL);
	assert_true(r.a->lost);
	assert_int_equal(folder_count(s.f), 3);
	r = phone_sync_again(s.p);
	assert_int_equal(r.adds, 2);
	assert_int_equal(r.readds, 0);
	phone_next_answer_lost(s.p);
	phone_set_read(s.p, s.f, folder_need(s.f, "SyLost 1")->id, true);
	r = phone_sync_again(s.p);
	assert_int_equal(r.status, 1);
	assert_int_equal(r.failed, 0);
	uid = imap_uid(s.c, s.mailbox, "SyLost 1");
	assert_true(imap_has_flag(s.c, s.mailbox, uid, "\\Seen"));
	r = phone_sync_all(s.p, s.f);
	assert_int_equal(r.adds + r.deletes + s.f->resets, 0);
	end(&s);
}

/* The answer came twice to the same bytes: the phone kept the first. */
static void
repeated_request_same_answer(void **state)
{
	struct stage s = stage("SyRepeat", 0);
	struct answer *a, *b;

	(void)state;
	imap_fill(&h, 0, s.mailbox, "twice", 2, NULL);
	a = phone_sync(s.p, s.f, NULL).a;
	b = phone_repeat_last(s.p);
	assert_int_equal(answer_count(a, COLLECTION "Commands/Add"), 2);
	assert_int_equal(answer_count(b, COLLECTION "Commands/Add"), 2);
	assert_string_equal(answer_text(a, COLLECTION "Commands/Add/ServerId"),
			    answer_text(b,
					COLLECTION "Commands/Add/ServerId"));
	end(&s);
}

/* A lost delete is not made twice, and its mail stays gone. */
static void
lost_delete(void **state)
{
	struct stage s = stage("SyLostDel", 2);
	struct sync_result r;

	(void)state;
	phone_next_answer_lost(s.p);
	phone_delete(s.p, s.f, folder_need(s.f, "SyLostDel 1")->id);
	r = phone_sync_again(s.p);
	assert_int_equal(r.status, 1);
	assert_int_equal(folder_count(s.f), 1);
	assert_int_equal(imap_count(s.c, s.mailbox), 1);
	assert_int_not_equal(imap_uid(s.c, h.trash, "SyLostDel 1"), 0);
	end(&s);
}

/* ---- windows -----------------------------------------------------------*/

/* MS-ASCMD_R4771, R3456: newest first, MoreAvailable to the end. */
static void
windows_newest_first(void **state)
{
	struct stage s = stage("SyWindow", 0);
	struct sync_result r;

	(void)state;
	imap_fill(&h, 0, s.mailbox, "w", 25, NULL);
	s.f->window = 10;
	r = phone_sync(s.p, s.f, NULL);
	assert_int_equal(r.adds, 10);
	assert_true(r.more);
	assert_non_null(folder_subject(s.f, "w 25"));
	assert_null(folder_subject(s.f, "w 1"));
	r = phone_sync(s.p, s.f, NULL);
	assert_int_equal(r.adds, 10);
	assert_true(r.more);
	r = phone_sync(s.p, s.f, NULL);
	assert_int_equal(r.adds, 5);
	assert_false(r.more);
	end(&s);
}

/* MS-ASCMD_R4767 (absent: 100), R4768 (0 and above 512: 512) */
static void
window_defaults(void **state)
{
	struct stage s = stage("SyDefault", 0);
	struct sync_result r;

	(void)state;
	imap_fill(&h, 0, s.mailbox, "d", 120, NULL);
	s.f->window = 0;
	r = phone_sync(s.p, s.f, NULL);
	assert_int_equal(r.adds, 100);
	assert_true(r.more);
	phone_reset_folder(s.f);
	s.f->window = 9999;
	phone_sync(s.p, s.f, NULL);
	r = phone_sync(s.p, s.f, NULL);
	assert_int_equal(r.adds, 120);
	assert_false(r.more);
	end(&s);
}

/* MS-ASCMD_R4776: the window of the whole request. */
static void
global_window(void **state)
{
	struct stage s = stage("SyGlobal", 0);
	struct stage t = stage("SyGlobal2", 0);
	struct phone_folder *g = harness_folder(&h, s.p, 0, "SyGlobal2");
	struct sync_result r;
	char *one, *two, *xml;

	(void)state;
	phone_sync_all(s.p, g);
	imap_fill(&h, 0, s.mailbox, "g", 6, NULL);
	imap_fill(&h, 0, "SyGlobal2", "gg", 6, NULL);
	one = phone_collection(s.f, NULL);
	two = phone_collection(g, NULL);
	xml = bytes_format("<Sync><Collections>%s%s</Collections>"
			   "<WindowSize>8</WindowSize></Sync>",
			   one, two);
	r = phone_sync_post(s.p, xml);
	assert_true(r.adds <= 8);
	assert_int_equal(folder_count(s.f), 6);
	phone_sync_all(s.p, s.f);
	phone_sync_all(s.p, g);
	assert_int_equal(folder_count(g), 6);
	free(one);
	free(two);
	free(xml);
	end(&s);
	end(&t);
}

/* The ids survive a new start with key 0. */
static void
ids_survive_a_reset(void **state)
{
	struct stage s = stage("SyReset", 3);
	struct phone *before = phone_clone(s.p);
	struct phone_folder *old = phone_folder_id(before, s.f->id);
	struct phone_item *it;

	(void)state;
	phone_reset_folder(s.f);
	phone_sync_all(s.p, s.f);
	for (it = old->items; it; it = it->next)
		assert_non_null(folder_item(s.f, it->id));
	phone_free(before);
	end(&s);
}

/* ---- fields ------------------------------------------------------------*/

#define LETTER                                                                \
	"From: =?utf-8?q?J=C3=BCrgen?= <juergen@elsewhere.test>\n"            \
	"To: Anna <user1@example.test>, \"Second, Person\" <two@x.test>\n"    \
	"Cc: three@x.test\nReply-To: office@elsewhere.test\n"                 \
	"Subject: =?iso-8859-1?q?Re:_Gr=FC=DFe?=\n"                           \
	"Date: Wed, 01 May 2024 08:30:00 +0000\nMessage-ID: <letter@x>\n"     \
	"MIME-Version: 1.0\nX-Priority: 1\n"

/* MS-ASEMAIL_R364, R399, R400, R318, R437, R496, R343, R350, R584 */
static void
fields_of_a_mail(void **state)
{
	struct stage s = stage("SyFields", 0);
	struct phone_item *it;
	const char *v;
	struct bytes id = { 0 };

	(void)state;
	it = one_mail(&s,
		      LETTER "Content-Type: text/plain; charset=utf-8\n\n"
			     "Hallo Welt\n",
		      OPTIONS_PLAIN);
	expect_text(it, "Subject", "Re: Grüße");
	expect_text(it, "ThreadTopic", "Grüße");
	expect_text(it, "Read", "0");
	expect_text(it, "Importance", "2");
	expect_text(it, "MessageClass", "IPM.Note");
	expect_text(it, "InternetCPID", "65001");
	expect_text(it, "ContentClass", "urn:content-classes:message");
	expect_text(it, "DisplayTo", "Anna; Second, Person");
	assert_non_null(strstr(item_text(it, "From"), "Jürgen"));
	assert_non_null(strstr(item_text(it, "From"),
			       "<juergen@elsewhere.test>"));
	assert_non_null(strstr(item_text(it, "To"), "two@x.test"));
	assert_non_null(strstr(item_text(it, "Cc"), "three@x.test"));
	assert_non_null(strstr(item_text(it, "ReplyTo"), "office@"));
	v = item_text(it, "DateReceived");
	assert_non_null(v);
	assert_int_equal(strlen(v), 24);
	assert_string_equal(v + 19, ".000Z");
	assert_string_equal(item_text(it, "Flag"), "");
	assert_string_equal(item_text(it, "Categories"), "");
	assert_true(bytes_unbase64(&id, item_text(it, "ConversationId")));
	assert_int_equal(id.n, 16);
	id.n = 0;
	assert_true(bytes_unbase64(&id, item_text(it, "ConversationIndex")));
	assert_true(id.n >= 5 && id.n % 5 == 0);
	bytes_free(&id);
	end(&s);
}

/* MS-ASCON_R74: one conversation for all mails of a thread. */
static void
conversations(void **state)
{
	struct stage s = stage("SyThread", 0);
	struct phone_item *a, *b, *c;

	(void)state;
	imap_put(&h, 0, s.mailbox,
		 "From: a@x.test\nTo: user1@example.test\nSubject: root\n"
		 "Message-ID: <root@x>\n\nx\n");
	imap_put(&h, 0, s.mailbox,
		 "From: a@x.test\nTo: user1@example.test\nSubject: Re: root\n"
		 "Message-ID: <child@x>\nIn-Reply-To: <root@x>\n"
		 "References: <root@x>\n\nx\n");
	imap_put(&h, 0, s.mailbox,
		 "From: a@x.test\nTo: user1@example.test\nSubject: other\n"
		 "Message-ID: <other@x>\n\nx\n");
	phone_sync_all(s.p, s.f);
	a = folder_need(s.f, "root");
	b = folder_need(s.f, "Re: root");
	c = folder_need(s.f, "other");
	assert_string_equal(item_text(a, "ConversationId"),
			    item_text(b, "ConversationId"));
	assert_string_not_equal(item_text(a, "ConversationId"),
				item_text(c, "ConversationId"));
	end(&s);
}

/* DateReceived is the arrival, not the Date header. */
static void
date_received_is_internaldate(void **state)
{
	struct stage s = stage("SyDate", 0);

	(void)state;
	imap_fill(&h, 0, s.mailbox, "dated", 0, "02-Mar-2023 10:20:30 +0100");
	phone_sync_all(s.p, s.f);
	expect_text(folder_need(s.f, "dated"), "DateReceived",
		    "2023-03-02T09:20:30.000Z");
	end(&s);
}

/* ---- bodies ------------------------------------------------------------*/

#define BODY(type, more)                                                      \
	"<FilterType>0</FilterType><base:BodyPreference><base:Type>" type     \
	"</base:Type>" more "</base:BodyPreference>"

#define BOTH                                                                  \
	LETTER "Content-Type: multipart/alternative; boundary=b\n\n"          \
	       "--b\nContent-Type: text/plain; charset=utf-8\n\n"             \
	       "Guten Tag, Müller\n"                                          \
	       "--b\nContent-Type: text/html; charset=iso-8859-1\n"           \
	       "Content-Transfer-Encoding: quoted-printable\n\n"              \
	       "<html><head><meta charset=3D\"iso-8859-1\"></head>"           \
	       "<body><p>Guten <b>Tag</b>, M=FCller</p></body></html>\n"      \
	       "--b--\n"

/* MS-ASAIRS_R105, R112, R113: the type asked for, order of children. */
static void
body_types(void **state)
{
	struct stage s = stage("SyBody", 0);
	struct phone_item *it;
	const char *data;

	(void)state;
	it = one_mail(&s, BOTH, BODY("1", ""));
	expect_text(it, "Body/Type", "1");
	data = item_text(it, "Body/Data");
	assert_non_null(strstr(data, "Guten Tag, Müller"));
	assert_null(strstr(data, "<b>"));
	assert_null(item_text(it, "Body/Truncated"));
	empty_mailbox(&s);
	it = one_mail(&s, BOTH, BODY("2", ""));
	expect_text(it, "Body/Type", "2");
	data = item_text(it, "Body/Data");
	assert_non_null(strstr(data, "<b>Tag</b>, Müller"));
	assert_null(strstr(data, "iso-8859-1"));
	expect_text(it, "NativeBodyType", "2");
	empty_mailbox(&s);
	it = one_mail(&s, BOTH, OPTIONS_MIME);
	expect_text(it, "Body/Type", "4");
	data = item_text(it, "Body/Data");
	assert_non_null(strstr(data, "Message-ID: <letter@x>"));
	assert_non_null(strstr(data, "multipart/alternative"));
	end(&s);
}

/* A mail of one kind only is converted to the kind asked for. */
static void
body_conversion(void **state)
{
	struct stage s = stage("SyConvert", 0);
	struct phone_item *it;

	(void)state;
	it = one_mail(&s,
		      LETTER "Content-Type: text/html; charset=utf-8\n\n"
			     "<p>Eins &amp; zwei</p><p>drei<br>vier</p>\n",
		      BODY("1", ""));
	expect_text(it, "Body/Type", "1");
	assert_non_null(strstr(item_text(it, "Body/Data"), "Eins & zwei"));
	assert_null(strstr(item_text(it, "Body/Data"), "<p>"));
	empty_mailbox(&s);
	it = one_mail(&s,
		      LETTER "Content-Type: text/plain; charset=utf-8\n\n"
			     "1 < 2 & so\n",
		      BODY("2", ""));
	assert_non_null(item_text(it, "Body/Data"));
	end(&s);
}

/* MS-ASAIRS_R202: cut on a character, told, whole size named. */
static void
body_truncation(void **state)
{
	struct stage s = stage("SyTrunc", 0);
	struct bytes mail = { 0 };
	struct phone_item *it;
	const char *data;
	int i;

	(void)state;
	bytes_str(&mail, LETTER "Content-Type: text/plain; charset=utf-8\n"
				"Content-Transfer-Encoding: 8bit\n\n");
	for (i = 0; i < 60; i++)
		bytes_str(&mail, "äöü äöü äöü äöü äöü\n");
	it = one_mail(&s, mail.p,
		      BODY("1", "<base:TruncationSize>101"
				"</base:TruncationSize>"));
	data = item_text(it, "Body/Data");
	assert_true(strlen(data) <= 101 && strlen(data) >= 98);
	expect_text(it, "Body/Truncated", "1");
	assert_true(atoi(item_text(it, "Body/EstimatedDataSize")) > 1500);
	empty_mailbox(&s);
	it = one_mail(&s, mail.p,
		      BODY("1", "<base:TruncationSize>0"
				"</base:TruncationSize>"));
	expect_text(it, "Body/Truncated", "1");
	data = item_text(it, "Body/Data");
	assert_true(!data || !*data);
	empty_mailbox(&s);
	it = one_mail(&s, mail.p,
		      BODY("1", "<base:TruncationSize>3000000000"
				"</base:TruncationSize>"));
	assert_null(item_text(it, "Body/Truncated"));
	bytes_free(&mail);
	end(&s);
}

/* MS-ASAIRS_R78, R80: not fitting is not sent, the next choice is taken. */
static void
all_or_none(void **state)
{
	struct stage s = stage("SyAllNone", 0);
	struct phone_item *it;

	(void)state;
	it = one_mail(&s, BOTH,
		      BODY("2", "<base:TruncationSize>5"
				"</base:TruncationSize>"
				"<base:AllOrNone>1</base:AllOrNone>"));
	expect_text(it, "Body/Type", "2");
	expect_text(it, "Body/Truncated", "1");
	assert_true(!item_text(it, "Body/Data") ||
		    !*item_text(it, "Body/Data"));
	empty_mailbox(&s);
	it = one_mail(&s, BOTH,
		      BODY("2", "<base:TruncationSize>5"
				"</base:TruncationSize>"
				"<base:AllOrNone>1</base:AllOrNone>")
		      "<base:BodyPreference><base:Type>1</base:Type>"
		      "<base:TruncationSize>5000</base:TruncationSize>"
		      "</base:BodyPreference>");
	expect_text(it, "Body/Type", "1");
	assert_non_null(strstr(item_text(it, "Body/Data"), "Guten Tag"));
	end(&s);
}

/* Preview: plain text, at most so many characters, only when asked. */
static void
preview(void **state)
{
	struct stage s = stage("SyPreview", 0);
	struct phone_item *it;

	(void)state;
	it = one_mail(&s, BOTH,
		      BODY("2", "<base:TruncationSize>0"
				"</base:TruncationSize>"
				"<base:Preview>9</base:Preview>"));
	expect_text(it, "Body/Preview", "Guten Tag");
	empty_mailbox(&s);
	it = one_mail(&s, BOTH, BODY("2", ""));
	assert_null(item_text(it, "Body/Preview"));
	end(&s);
}

/* MS-ASAIRS_R120 to R129 (14.1): BodyPart only when asked. */
static void
body_part(void **state)
{
	struct stage s = stage("SyPart", 0);
	struct phone_item *it;

	(void)state;
	it = one_mail(&s, BOTH,
		      "<FilterType>0</FilterType><base:BodyPartPreference>"
		      "<base:Type>2</base:Type></base:BodyPartPreference>");
	expect_text(it, "BodyPart/Status", "1");
	expect_text(it, "BodyPart/Type", "2");
	assert_null(item_text(it, "Body/Data"));
	end(&s);
}

/* MIMESupport 0 with only a Type 4 wish, and the MIME of 8-bit mail: all
 * lines end in CRLF, the text is UTF-8. */
static void
mime_survives(void **state)
{
	struct stage s = stage("SyMime", 0);
	struct phone_item *it;
	const char *at, *data;

	(void)state;
	it = one_mail(&s,
		      LETTER "Content-Type: text/plain; charset=iso-8859-1\n"
			     "Content-Transfer-Encoding: 8bit\n\n"
			     "Gr\xfc\xdf"
			     "e\n",
		      OPTIONS_MIME);
	data = item_text(it, "Body/Data");
	for (at = data; (at = strchr(at, '\n')); at++)
		assert_true(at > data && at[-1] == '\r');
	assert_null(strstr(data, "Gr\xfc"));
	end(&s);
}

/* ---- attachments -------------------------------------------------------*/

#define WITH_FILES                                                            \
	LETTER "Content-Type: multipart/mixed; boundary=m\n\n"                \
	       "--m\nContent-Type: multipart/related; boundary=r\n\n"         \
	       "--r\nContent-Type: text/html; charset=utf-8\n\n"              \
	       "<p>Bild: <img src=\"cid:logo@x\"></p>\n"                      \
	       "--r\nContent-Type: image/png; name=logo.png\n"                \
	       "Content-Transfer-Encoding: base64\n"                          \
	       "Content-ID: <logo@x>\n"                                       \
	       "Content-Disposition: inline; filename=logo.png\n\n"           \
	       "iVBORw0KGgo=\n--r--\n"                                        \
	       "--m\nContent-Type: application/pdf\n"                         \
	       "Content-Transfer-Encoding: base64\n"                          \
	       "Content-Disposition: attachment;\n"                           \
	       " filename*=utf-8''%C3%9Cbersicht.pdf\n\n"                     \
	       "JVBERi0xLjQKAAECAwQ=\n"                                       \
	       "--m\nContent-Type: message/rfc822\n\n"                        \
	       "Subject: inner mail\nFrom: x@y.test\n\ninner\n--m--\n"

/* MS-ASAIRS_R87 to R93, R160, R10020, R211 */
static void
attachments(void **state)
{
	struct stage s = stage("SyFiles", 0);
	struct phone_item *it = one_mail(&s, WITH_FILES, OPTIONS_HTML);
	const char *path = "Attachments/Attachment";
	xmlNodePtr pdf, png, eml;
	struct bytes file = { 0 };
	struct answer *a;

	(void)state;
	assert_int_equal(node_count(item_fields(it), path), 3);
	pdf = node_find(item_fields(it),
			"Attachments/Attachment[DisplayName=Übersicht.pdf]");
	png = node_find(item_fields(it),
			"Attachments/Attachment[ContentId=logo@x]");
	eml = node_find(item_fields(it), "Attachments/Attachment[Method=5]");
	assert_non_null(pdf);
	assert_non_null(png);
	assert_non_null(eml);
	assert_string_equal(node_text(pdf, "Method"), "1");
	assert_null(node_text(pdf, "IsInline"));
	assert_string_equal(node_text(png, "IsInline"), "1");
	assert_non_null(strstr(node_text(eml, "DisplayName"), ".eml"));
	assert_non_null(strstr(item_text(it, "Body/Data"), "cid:logo@x"));
	a = phone_fetch_file(s.p, node_text(pdf, "FileReference"), NULL,
			     false);
	assert_true(answer_file(a, &file));
	assert_int_equal(file.n, 14);
	assert_memory_equal(file.p, "%PDF-1.4\n\0\1\2\3\4", 14);
	bytes_free(&file);
	end(&s);
}

/* A mail without attachments has no Attachments at all. */
static void
no_attachments(void **state)
{
	struct stage s = stage("SyNoFiles", 0);
	struct phone_item *it = one_mail(&s, BOTH, OPTIONS_HTML);

	(void)state;
	assert_null(node_find(item_fields(it), "Attachments"));
	end(&s);
}

/* ---- meeting requests --------------------------------------------------*/

#define MEETING(method)                                                       \
	LETTER "Content-Type: multipart/alternative; boundary=b\n\n"          \
	       "--b\nContent-Type: text/plain\n\nPlease come.\n"              \
	       "--b\nContent-Type: text/calendar; method=" method             \
	       "; charset=utf-8\n\n"                                          \
	       "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nMETHOD:" method "\n"  \
	       "BEGIN:VEVENT\nUID:{81412D3C-2A24-4E9D-B20E-11F7BBE92799}\n"   \
	       "DTSTAMP:20240501T080000Z\nDTSTART:20240510T120000Z\n"         \
	       "DTEND:20240510T130000Z\nSUMMARY:Lunch\nLOCATION:Canteen\n"    \
	       "ORGANIZER;CN=Carla:mailto:carla@elsewhere.test\n"             \
	       "ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:"                    \
	       "mailto:user1@example.test\n"                                  \
	       "END:VEVENT\nEND:VCALENDAR\n--b--\n"

/* MS-ASEMAIL_R541, R546, R897, R908, R909, R911, R20000 */
static void
meeting_request(void **state)
{
	struct stage s = stage("SyMeeting", 0);
	struct phone_item *it = one_mail(&s, MEETING("REQUEST"), OPTIONS_HTML);

	(void)state;
	expect_text(it, "MessageClass", "IPM.Schedule.Meeting.Request");
	expect_text(it, "ContentClass", "urn:content-classes:calendarmessage");
	expect_text(it, "MeetingRequest/StartTime",
		    "2024-05-10T12:00:00.000Z");
	expect_text(it, "MeetingRequest/EndTime", "2024-05-10T13:00:00.000Z");
	expect_text(it, "MeetingRequest/DtStamp", "2024-05-01T08:00:00.000Z");
	expect_text(it, "MeetingRequest/InstanceType", "0");
	expect_text(it, "MeetingRequest/Location", "Canteen");
	expect_text(it, "MeetingRequest/ResponseRequested", "1");
	expect_text(it, "MeetingRequest/GlobalObjId",
		    "BAAAAIIA4AB0xbcQGoLgCAAAAAAAAAAAAAAAAAAAAAAAAAAAMwAAAHZD"
		    "YWwtVWlkAQAAAHs4MTQxMkQzQy0yQTI0LTRFOUQtQjIwRS0xMUY3QkJF"
		    "OTI3OTl9AA==");
	assert_non_null(item_text(it, "MeetingRequest/TimeZone"));
	assert_non_null(strstr(item_text(it, "MeetingRequest/Organizer"),
			       "carla@elsewhere.test"));
	expect_text(it, "MeetingRequest/MeetingMessageType", "1");
	end(&s);
}

static void
meeting_cancelled(void **state)
{
	struct stage s = stage("SyCancel", 0);
	struct phone_item *it = one_mail(&s, MEETING("CANCEL"), OPTIONS_HTML);

	(void)state;
	expect_text(it, "MessageClass", "IPM.Schedule.Meeting.Canceled");
	end(&s);
}

/* ---- read state --------------------------------------------------------*/

/* MS-ASEMAIL_R640, R641: both ways, no echo. */
static void
read_state(void **state)
{
	struct stage s = stage("SyRead", 2);
	struct phone_item *it = folder_need(s.f, "SyRead 1");
	unsigned uid = imap_uid(s.c, s.mailbox, "SyRead 1");
	struct sync_result r;

	(void)state;
	r = phone_set_read(s.p, s.f, it->id, true);
	assert_int_equal(r.failed, 0);
	assert_true(imap_has_flag(s.c, s.mailbox, uid, "\\Seen"));
	r = phone_sync_all(s.p, s.f);
	assert_int_equal(r.changes, 0);
	imap_store(s.c, s.mailbox, uid, "-FLAGS (\\Seen)");
	r = phone_sync_all(s.p, s.f);
	assert_int_equal(r.changes, 1);
	expect_text(folder_need(s.f, "SyRead 1"), "Read", "0");
	assert_non_null(item_text(folder_need(s.f, "SyRead 1"), "From"));
	phone_set_read(s.p, s.f, folder_need(s.f, "SyRead 1")->id, true);
	phone_set_read(s.p, s.f, folder_need(s.f, "SyRead 1")->id, false);
	assert_false(imap_has_flag(s.c, s.mailbox, uid, "\\Seen"));
	end(&s);
}

/* Another phone's Sync has brought the flag to the gateway; this phone has
 * not heard of it when it marks the same mail read, and still must. */
static void
changed_meanwhile(void **state)
{
	struct stage s = stage("SyBoth", 1);
	struct phone *q = harness_ready_phone(&h, 0, "SyBothOther");
	unsigned uid = imap_uid(s.c, s.mailbox, "SyBoth 1");
	struct sync_result r;

	(void)state;
	imap_store(s.c, s.mailbox, uid, "+FLAGS (\\Flagged)");
	phone_sync_all(q, phone_need_name(q, s.mailbox));
	r = phone_set_read(s.p, s.f, s.f->items->id, true);
	assert_int_equal(r.changes, 1);
	expect_text(s.f->items, "Flag/Status", "2");
	expect_text(s.f->items, "Read", "1");
	r = phone_sync_all(s.p, s.f);
	assert_int_equal(r.changes, 0);
	end(&s);
}

/* A change of Read only: nothing else is sent (reference 8.5). */
static void
changes_carry_what_changed(void **state)
{
	struct stage s = stage("SyOnly", 1);
	unsigned uid = imap_uid(s.c, s.mailbox, "SyOnly 1");
	struct sync_result r;
	xmlNodePtr data;

	(void)state;
	imap_store(s.c, s.mailbox, uid, "+FLAGS (\\Seen)");
	r = phone_sync(s.p, s.f, NULL);
	data = answer_find(r.a,
			   COLLECTION "Commands/Change/ApplicationData");
	assert_int_equal(node_count(data, "*"), 1);
	assert_string_equal(node_text(data, "Read"), "1");
	end(&s);
}

/* MS-ASEMAIL_R643 (6), MS-ASCMD_R5846 (8), R4419 */
static void
bad_commands(void **state)
{
	struct stage s = stage("SyBad", 1);
	const char *id = s.f->items->id;
	struct sync_result r;

	(void)state;
	r = phone_syncf(s.p, s.f,
			"<Change><ServerId>%s</ServerId><ApplicationData>"
			"<email:Read>7</email:Read></ApplicationData>"
			"</Change>",
			id);
	answer_expect(r.a, COLLECTION "Responses/Change/Status", "6");
	r = phone_syncf(s.p, s.f,
			"<Change><ServerId>%s:999999</ServerId>"
			"<ApplicationData><email:Read>1</email:Read>"
			"</ApplicationData></Change>",
			s.f->id);
	answer_expect(r.a, COLLECTION "Responses/Change/Status", "8");
	r = phone_syncf(s.p, s.f,
			"<Fetch><ServerId>%s:999999</ServerId></Fetch>",
			s.f->id);
	answer_expect(r.a, COLLECTION "Responses/Fetch/Status", "8");
	r = phone_sync(s.p, s.f,
		       "<Add><ClientId>c1</ClientId><ApplicationData>"
		       "<email:Subject>x</email:Subject></ApplicationData>"
		       "</Add>");
	answer_expect(r.a, COLLECTION "Responses/Add/Status", "6");
	r = phone_syncf(s.p, s.f,
			"<Change><ServerId>%s</ServerId><ApplicationData>"
			"<email2:Sender>x@y.test</email2:Sender>"
			"</ApplicationData></Change>",
			id);
	answer_expect(r.a, COLLECTION "Responses/Change/Status", "6");
	assert_int_equal(folder_count(s.f), 1);
	end(&s);
}

/* More than 200 commands: 4 (reference 29). */
static void
too_many_commands(void **state)
{
	struct stage s = stage("SyMany", 1);
	struct bytes b = { 0 };
	struct sync_result r;
	int i;

	(void)state;
	for (i = 0; i < 201; i++)
		bytes_printf(&b,
			     "<Change><ServerId>%s</ServerId>"
			     "<ApplicationData><email:Read>1</email:Read>"
			     "</ApplicationData></Change>",
			     s.f->items->id);
	r = phone_sync(s.p, s.f, b.p);
	assert_true(r.root == 4 || r.status == 4);
	bytes_free(&b);
	end(&s);
}

/* Many changes in one request, GetChanges 0: MS-ASCMD_R3125. */
static void
batch_of_changes(void **state)
{
	struct stage s = stage("SyBatch", 30);
	struct bytes b = { 0 };
	struct phone_item *it;
	char *xml;
	struct sync_result r;

	(void)state;
	imap_fill(&h, 0, s.mailbox, "unseen", 0, NULL);
	bytes_printf(&b,
		     "<Sync><Collections><Collection><SyncKey>%s</SyncKey>"
		     "<CollectionId>%s</CollectionId><GetChanges>0"
		     "</GetChanges><Commands>",
		     s.f->key, s.f->id);
	for (it = s.f->items; it; it = it->next)
		bytes_printf(&b,
			     "<Change><ServerId>%s</ServerId>"
			     "<ApplicationData><email:Read>1</email:Read>"
			     "</ApplicationData></Change>",
			     it->id);
	bytes_str(&b, "</Commands></Collection></Collections></Sync>");
	xml = b.p;
	r = phone_sync_post(s.p, xml);
	assert_int_equal(r.status, 1);
	assert_int_equal(r.adds, 0);
	assert_int_equal(r.failed, 0);
	imap_select(s.c, s.mailbox);
	assert_int_equal(imap_search(s.c, "SEEN", NULL, 0), 30);
	r = phone_sync_all(s.p, s.f);
	assert_int_equal(r.adds, 1);
	bytes_free(&b);
	end(&s);
}

/* ---- flags -------------------------------------------------------------*/

#define FLAG_DATES                                                            \
	"<email:Status>2</email:Status>"                                      \
	"<email:FlagType>Flag for follow up</email:FlagType>"                 \
	"<tasks:StartDate>2024-05-02T00:00:00.000Z</tasks:StartDate>"         \
	"<tasks:UtcStartDate>2024-05-01T22:00:00.000Z</tasks:UtcStartDate>"   \
	"<tasks:DueDate>2024-05-03T00:00:00.000Z</tasks:DueDate>"             \
	"<tasks:UtcDueDate>2024-05-02T22:00:00.000Z</tasks:UtcDueDate>"       \
	"<tasks:ReminderSet>1</tasks:ReminderSet>"                            \
	"<tasks:ReminderTime>2024-05-02T08:00:00.000Z</tasks:ReminderTime>"

/* MS-ASEMAIL_R434, R436, R440: \Flagged here, dates on the other phone. */
static void
flag_with_dates(void **state)
{
	struct stage s = stage("SyFlag", 1);
	struct phone *q = harness_ready_phone(&h, 0, "SyFlagOther");
	struct phone_folder *g = phone_need_name(q, "SyFlag");
	unsigned uid = imap_uid(s.c, s.mailbox, "SyFlag 1");
	struct phone_item *it;

	(void)state;
	phone_sync_all(q, g);
	phone_set_flag(s.p, s.f, s.f->items->id, FLAG_DATES);
	assert_true(imap_has_flag(s.c, s.mailbox, uid, "\\Flagged"));
	phone_sync_all(q, g);
	it = g->items;
	expect_text(it, "Flag/Status", "2");
	expect_text(it, "Flag/DueDate", "2024-05-03T00:00:00.000Z");
	expect_text(it, "Flag/UtcStartDate", "2024-05-01T22:00:00.000Z");
	expect_text(it, "Flag/ReminderTime", "2024-05-02T08:00:00.000Z");
	phone_set_flag(q, g, it->id, "");
	assert_false(imap_has_flag(s.c, s.mailbox, uid, "\\Flagged"));
	phone_sync_all(s.p, s.f);
	assert_string_equal(item_text(s.f->items, "Flag"), "");
	end(&s);
}

/* Set and cleared elsewhere. */
static void
flag_from_elsewhere(void **state)
{
	struct stage s = stage("SyFlagEls", 1);
	unsigned uid = imap_uid(s.c, s.mailbox, "SyFlagEls 1");

	(void)state;
	imap_store(s.c, s.mailbox, uid, "+FLAGS (\\Flagged)");
	phone_sync_all(s.p, s.f);
	expect_text(s.f->items, "Flag/Status", "2");
	assert_non_null(item_text(s.f->items, "Flag/FlagType"));
	imap_store(s.c, s.mailbox, uid, "-FLAGS (\\Flagged)");
	phone_sync_all(s.p, s.f);
	assert_null(item_text(s.f->items, "Flag/Status"));
	end(&s);
}

static void
expect_refused(struct stage *s, const char *flag)
{
	struct sync_result r =
		phone_set_flag(s->p, s->f, s->f->items->id, flag);

	answer_expect(r.a, COLLECTION "Responses/Change/Status", "6");
}

/* Complete; and what must be refused (reference 12.1). */
static void
flag_complete_and_errors(void **state)
{
	struct stage s = stage("SyFlagBad", 1);
	struct sync_result r;

	(void)state;
	r = phone_set_flag(
		s.p, s.f, s.f->items->id,
		"<email:Status>1</email:Status>"
		"<email:FlagType>Flag for follow up</email:FlagType>"
		"<tasks:DateCompleted>2024-05-04T10:00:00.000Z"
		"</tasks:DateCompleted><email:CompleteTime>"
		"2024-05-04T10:00:00.000Z</email:CompleteTime>");
	assert_int_equal(r.failed, 0);
	expect_refused(&s, "<email:Status>5</email:Status>");
	expect_refused(&s,
		       "<email:Status>2</email:Status>"
		       "<email:FlagType>x</email:FlagType>"
		       "<tasks:DueDate>2024-05-03T00:00:00.000Z"
		       "</tasks:DueDate>");
	expect_refused(&s,
		       "<email:Status>2</email:Status>"
		       "<email:FlagType>x</email:FlagType>"
		       "<tasks:StartDate>2024-05-05T00:00:00.000Z"
		       "</tasks:StartDate><tasks:UtcStartDate>"
		       "2024-05-05T00:00:00.000Z</tasks:UtcStartDate>"
		       "<tasks:DueDate>2024-05-03T00:00:00.000Z"
		       "</tasks:DueDate><tasks:UtcDueDate>"
		       "2024-05-03T00:00:00.000Z</tasks:UtcDueDate>");
	end(&s);
}

/* Old phones send only Status and FlagType. */
static void
bare_flag(void **state)
{
	struct stage s = stage("SyFlagBare", 1);
	unsigned uid = imap_uid(s.c, s.mailbox, "SyFlagBare 1");
	struct sync_result r;

	(void)state;
	r = phone_set_flag(s.p, s.f, s.f->items->id,
			   "<email:Status>2</email:Status><email:FlagType>"
			   "for Follow Up</email:FlagType>");
	assert_int_equal(r.failed, 0);
	assert_true(imap_has_flag(s.c, s.mailbox, uid, "\\Flagged"));
	r = phone_sync_all(s.p, s.f);
	assert_int_equal(r.changes, 0);
	end(&s);
}

/* ---- categories --------------------------------------------------------*/

static struct sync_result
set_categories(struct stage *s, const char *content)
{
	return phone_syncf(s->p, s->f,
			   "<Change><ServerId>%s</ServerId><ApplicationData>"
			   "<email:Categories>%s</email:Categories>"
			   "</ApplicationData></Change>",
			   s->f->items->id, content);
}

/* MS-ASEMAIL_R313, R319, R320, R321: keywords both ways. */
static void
categories(void **state)
{
	struct stage s = stage("SyCat", 1);
	unsigned uid = imap_uid(s.c, s.mailbox, "SyCat 1");
	struct sync_result r;

	(void)state;
	set_categories(&s, "<email:Category>Work</email:Category>"
			   "<email:Category>Home</email:Category>");
	assert_true(imap_has_flag(s.c, s.mailbox, uid, "Work"));
	assert_true(imap_has_flag(s.c, s.mailbox, uid, "Home"));
	r = phone_sync_all(s.p, s.f);
	assert_int_equal(r.changes, 0);
	imap_store(s.c, s.mailbox, uid, "-FLAGS (Home)");
	imap_store(s.c, s.mailbox, uid, "+FLAGS (Garden)");
	phone_sync_all(s.p, s.f);
	assert_int_equal(node_count(item_fields(s.f->items),
				    "Categories/Category"),
			 2);
	phone_set_read(s.p, s.f, s.f->items->id, true);
	assert_true(imap_has_flag(s.c, s.mailbox, uid, "Garden"));
	set_categories(&s, "");
	assert_false(imap_has_flag(s.c, s.mailbox, uid, "Work"));
	assert_false(imap_has_flag(s.c, s.mailbox, uid, "Garden"));
	assert_true(imap_has_flag(s.c, s.mailbox, uid, "\\Seen"));
	end(&s);
}

/* What stays among the categories stays on the mail, also when the request
 * comes twice; what no phone shows is left alone, and nothing echoes. */
static void
categories_that_stay(void **state)
{
	struct stage s = stage("SyCatStay", 1);
	unsigned uid = imap_uid(s.c, s.mailbox, "SyCatStay 1");
	struct sync_result r;

	(void)state;
	imap_store(s.c, s.mailbox, uid, "+FLAGS ($MDNSent)");
	phone_sync_all(s.p, s.f);
	set_categories(&s, "<email:Category>Work</email:Category>"
			   "<email:Category>Home</email:Category>");
	r = phone_sync_all(s.p, s.f);
	assert_int_equal(r.changes, 0);
	set_categories(&s, "<email:Category>Work</email:Category>"
			   "<email:Category>Garden</email:Category>");
	assert_true(imap_has_flag(s.c, s.mailbox, uid, "Work"));
	assert_true(imap_has_flag(s.c, s.mailbox, uid, "Garden"));
	assert_true(imap_has_flag(s.c, s.mailbox, uid, "$MDNSent"));
	assert_false(imap_has_flag(s.c, s.mailbox, uid, "Home"));
	r = phone_sync_all(s.p, s.f);
	assert_int_equal(r.changes, 0);
	phone_next_answer_lost(s.p);
	set_categories(&s, "<email:Category>Garden</email:Category>");
	r = phone_sync_again(s.p);
	assert_int_equal(r.failed, 0);
	assert_true(imap_has_flag(s.c, s.mailbox, uid, "Garden"));
	assert_false(imap_has_flag(s.c, s.mailbox, uid, "Work"));
	end(&s);
}

/* A name that is no IMAP keyword comes back as it was. */
static void
category_with_blanks(void **state)
{
	struct stage s = stage("SyCatName", 1);
	struct phone *q = harness_ready_phone(&h, 0, "SyCatNameOther");
	struct phone_folder *g = phone_need_name(q, "SyCatName");
	struct sync_result r;

	(void)state;
	r = set_categories(&s, "<email:Category>Rote Kategorie (ä)"
			       "</email:Category>");
	assert_int_equal(r.failed, 0);
	phone_sync_all(q, g);
	expect_text(g->items, "Categories/Category", "Rote Kategorie (ä)");
	end(&s);
}

/* ---- deletes -----------------------------------------------------------*/

/* MS-ASCMD_R2160, R2158: to Trash, or for good. */
static void
deletes(void **state)
{
	struct stage s = stage("SyDelete", 3);
	struct phone_folder *trash = phone_need_type(s.p, 4);
	struct sync_result r;

	(void)state;
	r = phone_delete(s.p, s.f, folder_need(s.f, "SyDelete 1")->id);
	assert_int_equal(r.failed, 0);
	assert_int_equal(imap_count(s.c, s.mailbox), 2);
	assert_int_not_equal(imap_uid(s.c, h.trash, "SyDelete 1"), 0);
	r = phone_sync_all(s.p, s.f);
	assert_int_equal(r.deletes, 0);
	phone_sync_all(s.p, trash);
	r = phone_delete(s.p, trash, folder_need(trash, "SyDelete 1")->id);
	assert_int_equal(imap_uid(s.c, h.trash, "SyDelete 1"), 0);
	s.f->keep_deletes = true;
	phone_delete(s.p, s.f, folder_need(s.f, "SyDelete 2")->id);
	assert_int_equal(imap_count(s.c, s.mailbox), 1);
	assert_int_equal(imap_uid(s.c, h.trash, "SyDelete 2"), 0);
	end(&s);
}

/* MS-ASCMD_R5874, R5875: empty or absent means Trash. */
static void
deletes_as_moves_by_default(void **state)
{
	struct stage s = stage("SyDelDef", 2);
	const char *forms[] = { "", "<DeletesAsMoves/>" };
	char *xml;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		xml = bytes_format("<Sync><Collections><Collection><SyncKey>%s"
				   "</SyncKey><CollectionId>%s</CollectionId>"
				   "%s<Commands><Delete><ServerId>%s"
				   "</ServerId></Delete></Commands>"
				   "</Collection></Collections></Sync>",
				   s.f->key, s.f->id, forms[i],
				   s.f->items->id);
		assert_int_equal(phone_sync_post(s.p, xml).status, 1);
		free(xml);
	}
	assert_int_not_equal(imap_uid(s.c, h.trash, "SyDelDef 1"), 0);
	assert_int_not_equal(imap_uid(s.c, h.trash, "SyDelDef 2"), 0);
	end(&s);
}

/* Expunged elsewhere; a mail that is \Deleted but not expunged. */
static void
deleted_elsewhere(void **state)
{
	struct stage s = stage("SyGone", 3);
	struct sync_result r;

	(void)state;
	imap_expunge(s.c, s.mailbox, imap_uid(s.c, s.mailbox, "SyGone 2"));
	r = phone_sync_all(s.p, s.f);
	assert_int_equal(r.deletes, 1);
	assert_null(folder_subject(s.f, "SyGone 2"));
	imap_store(s.c, s.mailbox, imap_uid(s.c, s.mailbox, "SyGone 3"),
		   "+FLAGS (\\Deleted)");
	phone_sync_all(s.p, s.f);
	assert_null(folder_subject(s.f, "SyGone 3"));
	assert_int_equal(folder_count(s.f), 1);
	end(&s);
}

/* MS-ASCMD_R2069, R2076: deleted here, changed there. */
static void
change_of_a_mail_that_is_gone(void **state)
{
	struct stage s = stage("SyGone2", 2);
	struct sync_result r;
	const char *id = folder_need(s.f, "SyGone2 1")->id;

	(void)state;
	imap_expunge(s.c, s.mailbox, imap_uid(s.c, s.mailbox, "SyGone2 1"));
	r = phone_set_read(s.p, s.f, id, true);
	assert_int_equal(r.status, 1);
	phone_sync_all(s.p, s.f);
	assert_int_equal(folder_count(s.f), 1);
	end(&s);
}

/* ---- filters -----------------------------------------------------------*/

static const char *
days_ago(int days)
{
	static char text[64];
	time_t t = time(NULL) - days * 86400L;

	strftime(text, sizeof(text), "%d-%b-%Y %H:%M:%S +0000", gmtime(&t));
	return text;
}

static void
set_filter(struct stage *s, int filter)
{
	char *o = bytes_format("<FilterType>%d</FilterType>", filter);

	phone_set_options(s->f, o);
	free(o);
}

/* MS-ASCMD_R2987, R3036 to R3040, R3967: in, out by SoftDelete, in again. */
static void
filter_types(void **state)
{
	struct stage s = stage("SyFilter", 0);
	static const int age[] = { 0, 2, 5, 10, 20, 40 };
	static const unsigned within[] = { 6, 1, 2, 3, 4, 5 };
	struct sync_result r;
	char name[32];
	unsigned i;

	(void)state;
	for (i = 0; i < 6; i++) {
		snprintf(name, sizeof(name), "age %d", age[i]);
		imap_fill(&h, 0, s.mailbox, name, 0, days_ago(age[i]));
	}
	for (i = 0; i < 6; i++) {
		set_filter(&s, (int)i);
		phone_sync_all(s.p, s.f);
		assert_int_equal(folder_count(s.f), within[i]);
	}
	set_filter(&s, 1);
	r = phone_sync_all(s.p, s.f);
	assert_int_equal(r.soft_deletes, 4);
	assert_int_equal(r.deletes, 0);
	assert_int_equal(imap_count(s.c, s.mailbox), 6);
	end(&s);
}

/* FilterType 8 is not for mail: 4. */
static void
filter_not_for_mail(void **state)
{
	struct stage s = stage("SyFilter8", 1);
	struct sync_result r;

	(void)state;
	set_filter(&s, 8);
	r = phone_sync(s.p, s.f, NULL);
	assert_true(r.status == 4 || r.root == 4 || r.empty);
	end(&s);
}

/* Options are sticky as a set. */
static void
options_are_remembered(void **state)
{
	struct stage s = stage("SySticky", 0);

	(void)state;
	phone_set_options(s.f, BODY("1", "<base:TruncationSize>4"
					 "</base:TruncationSize>"));
	phone_sync(s.p, s.f, NULL);
	phone_set_options(s.f, NULL);
	imap_put(&h, 0, s.mailbox, BOTH);
	phone_sync_all(s.p, s.f);
	expect_text(s.f->items, "Body/Data", "Gute");
	end(&s);
}

/* ---- Fetch by Sync -----------------------------------------------------*/

/* MS-ASCMD_R1659, R1660 */
static void
fetch(void **state)
{
	struct stage s = stage("SyFetch", 1);
	struct answer *a = phone_fetch_by_sync(s.p, s.f, s.f->items->id);

	(void)state;
	answer_expect(a, COLLECTION "Responses/Fetch/Status", "1");
	answer_expect(a, COLLECTION "Responses/Fetch/ServerId",
		      s.f->items->id);
	assert_true(answer_has(a, COLLECTION "Responses/Fetch/"
					     "ApplicationData/Body/Data"));
	end(&s);
}

/* ---- empty, partial, hanging -------------------------------------------*/

/* MS-ASCMD_R666, R673: the empty request repeats the last one. */
static void
empty_request(void **state)
{
	struct stage s = stage("SyEmpty", 1);
	struct sync_result r;

	(void)state;
	r = phone_sync(s.p, s.f, NULL);
	assert_true(r.empty);
	r = phone_sync_post(s.p, NULL);
	assert_true(r.empty);
	imap_fill(&h, 0, s.mailbox, "more", 0, NULL);
	r = phone_sync_post(s.p, NULL);
	assert_int_equal(r.adds, 1);
	end(&s);
}

/* MS-ASCMD_R4456: nothing cached: 13. */
static void
empty_request_without_cache(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "SyNoCache");

	(void)state;
	assert_int_equal(phone_sync_post(p, NULL).root, 13);
	assert_int_equal(phone_sync_post(p, "<Sync><WindowSize>10</WindowSize>"
					    "<Partial/></Sync>")
				 .root,
			 13);
}

static void
partial_request(void **state)
{
	struct stage s = stage("SyPartial", 1);
	struct phone_folder *inbox = phone_inbox(s.p);
	struct sync_result r;
	char *one, *two, *xml;

	(void)state;
	phone_sync_all(s.p, inbox);
	one = phone_collection(s.f, NULL);
	two = phone_collection(inbox, NULL);
	xml = bytes_format("<Sync><Collections>%s%s</Collections></Sync>",
			   one, two);
	phone_sync_post(s.p, xml);
	free(xml);
	imap_fill(&h, 0, s.mailbox, "part", 0, NULL);
	xml = bytes_format("<Sync><Collections>%s</Collections><Partial/>"
			   "</Sync>",
			   two);
	r = phone_sync_post(s.p, xml);
	assert_int_equal(r.root, 1);
	assert_non_null(folder_subject(s.f, "part"));
	r = phone_sync_post(s.p, "<Sync><Partial/></Sync>");
	assert_int_equal(r.root, 4);
	free(one);
	free(two);
	free(xml);
	end(&s);
}

static struct answer *
sync_waiting(struct stage *s, const char *wait)
{
	char *coll = phone_collection(s->f, NULL), *xml;
	struct answer *a;

	xml = bytes_format("<Sync><Collections>%s</Collections>%s</Sync>",
			   coll, wait);
	a = phone_post(s->p, "Sync", xml);
	free(coll);
	free(xml);
	return a;
}

/* MS-ASCMD_R4746, R3160, R4748, R3162, R4459 to R5782 */
static void
wait_out_of_range(void **state)
{
	struct stage s = stage("SyWaitBad", 1);
	struct answer *a;

	(void)state;
	a = sync_waiting(&s, "<HeartbeatInterval>5</HeartbeatInterval>");
	answer_expect(a, "/Sync/Status", "14");
	answer_expect(a, "/Sync/Limit", "60");
	a = sync_waiting(&s, "<HeartbeatInterval>9999</HeartbeatInterval>");
	answer_expect(a, "/Sync/Status", "14");
	answer_expect(a, "/Sync/Limit", "3540");
	a = sync_waiting(&s, "<Wait>60</Wait>");
	answer_expect(a, "/Sync/Status", "14");
	answer_expect(a, "/Sync/Limit", "59");
	a = sync_waiting(&s, "<Wait>0</Wait>");
	answer_expect(a, "/Sync/Limit", "1");
	a = sync_waiting(&s, "<Wait>5</Wait>"
			     "<HeartbeatInterval>300</HeartbeatInterval>");
	answer_expect(a, "/Sync/Status", "4");
	end(&s);
}

static struct running *
start_waiting(struct stage *s, char **xml)
{
	char *coll = phone_collection(s->f, NULL);

	*xml = bytes_format("<Sync><Collections>%s</Collections>"
			    "<HeartbeatInterval>120</HeartbeatInterval>"
			    "</Sync>",
			    coll);
	free(coll);
	return phone_start(s->p, &(struct ask){ .cmd = "Sync",
						.xml = *xml,
						.timeout_ms = 150000 });
}

/* MS-ASCMD_R3154: a hanging Sync is answered when a mail comes. */
static void
hanging_sync_new_mail(void **state)
{
	struct stage s = stage("SyHang", 1);
	struct running *r;
	struct answer *a;
	char *xml;

	(void)state;
	r = start_waiting(&s, &xml);
	harness_sleep(1500);
	assert_false(running_done(r));
	imap_fill(&h, 0, s.mailbox, "rings", 0, NULL);
	a = running_wait(r, 5000);
	assert_non_null(a);
	phone_sync_apply(s.p, a, xml);
	folder_need(s.f, "rings");
	free(xml);
	end(&s);
}

/* [practice] and when the read state changes elsewhere. */
static void
hanging_sync_flag(void **state)
{
	struct stage s = stage("SyHangFlag", 1);
	struct running *r;
	struct answer *a;
	char *xml;

	(void)state;
	r = start_waiting(&s, &xml);
	harness_sleep(500);
	imap_store(s.c, s.mailbox, imap_uid(s.c, s.mailbox, "SyHangFlag 1"),
		   "+FLAGS (\\Seen)");
	a = running_wait(r, 5000);
	assert_non_null(a);
	phone_sync_apply(s.p, a, xml);
	expect_text(s.f->items, "Read", "1");
	free(xml);
	end(&s);
}

/* A new request of the device ends the hanging one, empty. */
static void
hanging_sync_is_replaced(void **state)
{
	struct stage s = stage("SyHangRep", 1);
	struct running *r;
	struct answer *a;
	char *xml;

	(void)state;
	r = start_waiting(&s, &xml);
	harness_sleep(500);
	phone_sync(s.p, s.f, NULL);
	a = running_wait(r, 5000);
	assert_non_null(a);
	assert_int_equal(a->status, 200);
	free(xml);
	end(&s);
}

/* ---- other versions ----------------------------------------------------*/

static void
in_version(const char *version, const char *name)
{
	struct phone *p = harness_phone(&h, 0, name);
	struct phone_folder *f;
	struct sync_result r;

	p->version = version;
	phone_set_up(p);
	f = harness_folder(&h, p, 0, name);
	imap_fill(&h, 0, name, name, 3, NULL);
	phone_sync_all(p, f);
	assert_int_equal(folder_count(f), 3);
	r = phone_set_read(p, f, f->items->id, true);
	assert_int_equal(r.failed, 0);
	r = phone_delete(p, f, f->items->id);
	assert_int_equal(r.failed, 0);
	r = phone_sync_all(p, f);
	assert_int_equal(folder_count(f), 2);
}

/* No element of a later version is sent: the phone checks each one. */
static void
older_versions(void **state)
{
	(void)state;
	in_version("12.1", "SyV121");
	in_version("14.0", "SyV140");
}

/* ---- mails that are hard to read ---------------------------------------*/

static const char *const hard[] = {
	"\nnothing but a body\n",
	"Subject: no date, from, to\n\nx\n",
	"From: \nTo: \nSubject: \n\n\n",
	"From: a@b.test\nSubject: controls \x01\x02 in it\n\nx\x03\x04\x05\n",
	"From: a@b.test\nSubject: raw \xe4\xf6\xfc\n\nraw \xe4\xf6\xfc\n",
	"From: a@b.test\nSubject: bad utf8\n"
	"Content-Type: text/plain; charset=utf-8\n\n\xff\xfe\xc3(\n",
	"From: a@b.test\nSubject: =?utf-8?b?broken=\n\nx\n",
	"From: a@b.test\nSubject: unknown charset\n"
	"Content-Type: text/plain; charset=x-klingon\n\nqapla'\n",
	"From: a@b.test\nSubject: no boundary\n"
	"Content-Type: multipart/mixed\n\nx\n",
	"From: a@b.test\nSubject: never closed\n"
	"Content-Type: multipart/mixed; boundary=q\n\n"
	"--q\nContent-Type: text/html\n\n<p>x\n",
	"From: a@b.test\nSubject: bad base64\nContent-Type: text/html\n"
	"Content-Transfer-Encoding: base64\n\n!!!!====????\n",
	"From: a@b.test\nSubject: bad encoding\n"
	"Content-Transfer-Encoding: x-uuuu\n\nx\n",
	"From: a@b.test\nSubject: html soup\nContent-Type: text/html\n\n"
	"<table><td><b><i></table></p></script><!-- <![CDATA[ ]]> &#1; &bad;",
	"From: \"a, b\" <a@b.test>, , ;;; <\nTo: undisclosed-recipients:;\n"
	"Subject: bad addresses\n\nx\n",
	"From: a@b.test\nDate: yesterday\nSubject: bad date\n\nx\n",
	"From: a@b.test\nSubject: empty calendar\n"
	"Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\n",
	"From: a@b.test\nSubject: only a file\nContent-Type: image/png\n"
	"Content-Transfer-Encoding: base64\n\niVBORw0KGgo=\n",
	"From: a@b.test\nSubject: smime\nContent-Type: application/pkcs7-mime;"
	" smime-type=enveloped-data; name=smime.p7m\n"
	"Content-Transfer-Encoding: base64\n\nMIIB\n",
};

/* Every one arrives, none stops the others (reference 8.4). */
static void
hard_mails(void **state)
{
	struct stage s = stage("SyHard", 0);
	size_t i, n = sizeof(hard) / sizeof(*hard);
	const char *options[] = { OPTIONS_HTML, OPTIONS_PLAIN, OPTIONS_MIME };

	(void)state;
	for (i = 0; i < n; i++)
		imap_put(&h, 0, s.mailbox, hard[i]);
	for (i = 0; i < 3; i++) {
		phone_reset_folder(s.f);
		phone_set_options(s.f, options[i]);
		phone_sync_all(s.p, s.f);
		assert_int_equal(folder_count(s.f), n);
	}
	expect_text(folder_need(s.f, "smime"), "MessageClass",
		    "IPM.Note.SMIME");
	end(&s);
}

/* A long header, a long subject, many recipients, a deep MIME tree. */
static void
large_mails(void **state)
{
	struct stage s = stage("SyLarge", 0);
	struct bytes b = { 0 };
	int i;

	(void)state;
	bytes_str(&b, "From: a@b.test\nSubject: large\nTo: x@y.test");
	for (i = 0; i < 3000; i++)
		bytes_printf(&b, ",\n recipient%d@y.test", i);
	bytes_str(&b, "\n\nx\n");
	imap_put(&h, 0, s.mailbox, b.p);
	b.n = 0;
	bytes_str(&b, "From: a@b.test\nSubject: deep\n");
	for (i = 0; i < 120; i++)
		bytes_printf(&b,
			     "Content-Type: multipart/mixed; boundary=b%d\n\n"
			     "--b%d\n",
			     i, i);
	bytes_str(&b, "Content-Type: text/plain\n\nbottom\n");
	imap_put(&h, 0, s.mailbox, b.p);
	b.n = 0;
	bytes_str(&b, "From: a@b.test\nSubject: big body\n\n");
	for (i = 0; i < 40000; i++)
		bytes_str(&b, "A line of text that is not short at all.\n");
	imap_put(&h, 0, s.mailbox, b.p);
	phone_sync_all(s.p, s.f);
	assert_int_equal(folder_count(s.f), 3);
	bytes_free(&b);
	end(&s);
}

/* UIDVALIDITY changes: the phone is told to start over or gets every mail
 * once, never a wrong one. */
static void
mailbox_replaced(void **state)
{
	struct stage s = stage("SyReplaced", 2);
	struct phone_folder *f;

	(void)state;
	imap_select(s.c, "INBOX");
	imap_cmd(s.c, "DELETE SyReplaced");
	imap_cmd(s.c, "CREATE SyReplaced");
	imap_fill(&h, 0, s.mailbox, "fresh", 3, NULL);
	answer_expect(phone_folder_sync(s.p), "/FolderSync/Status", "1");
	f = phone_need_name(s.p, "SyReplaced");
	phone_sync_all(s.p, f);
	assert_int_equal(folder_count(f), 3);
	folder_need(f, "fresh 1");
	end(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(priming),
		cmocka_unit_test(bad_keys_and_collections),
		cmocka_unit_test(nothing_new_is_empty),
		cmocka_unit_test(lost_answers),
		cmocka_unit_test(repeated_request_same_answer),
		cmocka_unit_test(lost_delete),
		cmocka_unit_test(windows_newest_first),
		cmocka_unit_test(window_defaults),
		cmocka_unit_test(global_window),
		cmocka_unit_test(ids_survive_a_reset),
		cmocka_unit_test(fields_of_a_mail),
		cmocka_unit_test(conversations),
		cmocka_unit_test(date_received_is_internaldate),
		cmocka_unit_test(body_types),
		cmocka_unit_test(body_conversion),
		cmocka_unit_test(body_truncation),
		cmocka_unit_test(all_or_none),
		cmocka_unit_test(preview),
		cmocka_unit_test(body_part),
		cmocka_unit_test(mime_survives),
		cmocka_unit_test(attachments),
		cmocka_unit_test(no_attachments),
		cmocka_unit_test(meeting_request),
		cmocka_unit_test(meeting_cancelled),
		cmocka_unit_test(read_state),
		cmocka_unit_test(changed_meanwhile),
		cmocka_unit_test(changes_carry_what_changed),
		cmocka_unit_test(bad_commands),
		cmocka_unit_test(too_many_commands),
		cmocka_unit_test(batch_of_changes),
		cmocka_unit_test(flag_with_dates),
		cmocka_unit_test(flag_from_elsewhere),
		cmocka_unit_test(flag_complete_and_errors),
		cmocka_unit_test(bare_flag),
		cmocka_unit_test(categories),
		cmocka_unit_test(categories_that_stay),
		cmocka_unit_test(category_with_blanks),
		cmocka_unit_test(deletes),
		cmocka_unit_test(deletes_as_moves_by_default),
		cmocka_unit_test(deleted_elsewhere),
		cmocka_unit_test(change_of_a_mail_that_is_gone),
		cmocka_unit_test(filter_types),
		cmocka_unit_test(filter_not_for_mail),
		cmocka_unit_test(options_are_remembered),
		cmocka_unit_test(fetch),
		cmocka_unit_test(empty_request),
		cmocka_unit_test(empty_request_without_cache),
		cmocka_unit_test(partial_request),
		cmocka_unit_test(wait_out_of_range),
		cmocka_unit_test(older_versions),
		cmocka_unit_test(hard_mails),
		cmocka_unit_test(large_mails),
		cmocka_unit_test(mailbox_replaced),
		/* From here on the bell of user 1 is alive, and a Sync
		 * trusts it: Dovecot rings up to 500 ms late. */
		cmocka_unit_test(hanging_sync_new_mail),
		cmocka_unit_test(hanging_sync_flag),
		cmocka_unit_test(hanging_sync_is_replaced),
	};

	return cmocka_run_group_tests(tests, up, down);
}
