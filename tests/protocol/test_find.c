/* Find (16.1) in mails and in the address books. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/dav.h"
#include "tests/phone/harness.h"

static struct harness h;
static struct dav_side d;

static const char report[] =
	"From: Bob Builder <bob@example.net>\n"
	"To: Alice Example <alice@example.test>\n"
	"Cc: Carol <carol@example.net>\n"
	"Subject: Quarterly report\nMessage-ID: <q1@example.net>\n"
	"Importance: high\nMIME-Version: 1.0\n"
	"Content-Type: multipart/mixed; boundary=b\n\n"
	"--b\nContent-Type: text/plain; charset=utf-8\n\n"
	"Dear Alice, here is the zebra report.\n"
	"--b\nContent-Type: application/pdf; name=r.pdf\n"
	"Content-Disposition: attachment; filename=r.pdf\n\nxyz\n--b--\n";

static void
put_card(const char *uid, const char *name)
{
	char *path = bytes_format("%s%s.vcf", d.book, uid);
	char *text = bytes_format("BEGIN:VCARD\nVERSION:3.0\nUID:%s\nFN:%s\n"
				  "N:%s;;;;\nEMAIL:%s@find.test\nEND:VCARD\n",
				  uid, name, name, uid);

	dav_put(&d, path, text);
	free(path);
	free(text);
}

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_find",
						  .stack = "--with radicale" });
	assert_true(dav_side(&h, "Radicale", 0, &d));
	dav_configure(&h, &d, NULL);
	put_card("eva", "Eva Muster");
	put_card("evan", "Evan Zebra");
	imap_put(&h, 0, "INBOX", report);
	imap_fill(&h, 0, "INBOX", "Zebra", 3, NULL);
	harness_restart(&h);
	return 0;
}

static int
down(void **state)
{
	(void)state;
	dav_close(&d);
	return harness_down(&h);
}

static struct phone *
phone_161(const char *device)
{
	struct phone *p = harness_phone(&h, 0, device);

	p->version = "16.1";
	phone_set_up(p);
	phone_sync_all(p, phone_inbox(p));
	return p;
}

#define RESPONSE "/Find/Response"

static struct answer *
find_mail(struct phone *p, const char *id, const char *text,
	  const char *folder, const char *options)
{
	return phone_postf(p, "Find",
			   "<Find><SearchId>%s</SearchId><ExecuteSearch>"
			   "<MailBoxSearchCriterion><Query>"
			   "<airsync:Class>Email</airsync:Class>%s"
			   "<FreeText>%s</FreeText></Query>"
			   "<Options>%s</Options></MailBoxSearchCriterion>"
			   "</ExecuteSearch></Find>", id, folder, text,
			   options);
}

static struct answer *
find_people(struct phone *p, const char *id, const char *text,
	    const char *options)
{
	return phone_postf(p, "Find",
			   "<Find><SearchId>%s</SearchId><ExecuteSearch>"
			   "<GalSearchCriterion><Query>%s</Query>"
			   "<Options>%s</Options></GalSearchCriterion>"
			   "</ExecuteSearch></Find>", id, text, options);
}

static int
hits(struct phone *p, const char *text)
{
	struct answer *a = find_mail(p, text, text, "", "");

	answer_expect(a, RESPONSE "/Status", "1");
	return answer_int(a, RESPONSE "/Total");
}

/* MS-ASCMD_R38391804, R36841704, R45251807: what is told of a mail. */
static void
a_mail(void **state)
{
	struct phone *p = phone_161("findmail");
	struct answer *a = find_mail(p, "1", "subject:quarterly", "", "");
	char *id;

	(void)state;
	answer_expect(a, "/Find/Status", "1");
	answer_expect(a, RESPONSE "/Store", "Mailbox");
	answer_expect(a, RESPONSE "/Status", "1");
	answer_expect(a, RESPONSE "/Total", "1");
	answer_expect(a, RESPONSE "/Range", "0-0");
	answer_expect(a, RESPONSE "/Result/Class", "Email");
	answer_expect(a, RESPONSE "/Result/CollectionId", phone_inbox(p)->id);
	answer_expect(a, RESPONSE "/Result/Properties/Subject",
		      "Quarterly report");
	answer_expect(a, RESPONSE "/Result/Properties/DisplayTo",
		      "Alice Example");
	answer_expect(a, RESPONSE "/Result/Properties/DisplayCc", "Carol");
	answer_expect(a, RESPONSE "/Result/Properties/Importance", "2");
	answer_expect(a, RESPONSE "/Result/Properties/Read", "0");
	answer_expect(a, RESPONSE "/Result/Properties/IsDraft", "0");
	answer_expect(a, RESPONSE "/Result/Properties/HasAttachments", "1");
	assert_non_null(strstr(
		answer_text(a, RESPONSE "/Result/Properties/Preview"),
		"Dear Alice"));
	/* The id is the one that Sync uses. */
	id = strdup(answer_text(a, RESPONSE "/Result/ServerId"));
	assert_string_equal(
		id, folder_need(phone_inbox(p), "Quarterly report")->id);
	free(id);
}

/* Words, properties, operators; nothing found is no Result
 * (MS-ASCMD_R38391805). */
static void
queries(void **state)
{
	struct phone *p = phone_161("findwords");
	struct answer *a;

	(void)state;
	assert_int_equal(hits(p, "zebra"), 4);
	assert_int_equal(hits(p, "subject:zebra"), 3);
	assert_int_equal(hits(p, "zebra from:bob"), 1);
	assert_int_equal(hits(p, "zebra NOT from:bob"), 3);
	assert_int_equal(hits(p, "from:bob OR subject:zebra"), 4);
	assert_int_equal(hits(p, "from:bob OR subject:zebra cc:carol"), 1);
	assert_int_equal(hits(p, "hasattachment:true"), 1);
	assert_int_equal(hits(p, "zebra received:&lt;2020-01-01"), 0);
	assert_int_equal(hits(p, "zebra received:&gt;=2020-01-01"), 4);
	a = find_mail(p, "n", "gnu", "", "");
	answer_expect(a, RESPONSE "/Status", "1");
	assert_false(answer_has(a, RESPONSE "/Result"));
}

/* MS-ASCMD_R982100612, R6399100714: everywhere, there, and there and below.
 */
static void
folders(void **state)
{
	struct phone *p = phone_161("findfold");
	char *in = bytes_format("<airsync:CollectionId>%s"
				"</airsync:CollectionId>",
				phone_inbox(p)->id);
	char *other = bytes_format("<airsync:CollectionId>%s"
				   "</airsync:CollectionId>",
				   phone_need_type(p, 5)->id);
	struct answer *a;

	(void)state;
	a = find_mail(p, "f1", "zebra", in, "");
	answer_expect(a, RESPONSE "/Total", "4");
	a = find_mail(p, "f2", "zebra", other, "<DeepTraversal/>");
	answer_expect(a, RESPONSE "/Total", "0");
	free(in);
	free(other);
}

/* MS-ASCMD_R70981808, R72172518: pages, and a search that begins in the
 * middle. */
static void
pages(void **state)
{
	struct phone *p = phone_161("findpage");
	struct answer *a;

	(void)state;
	a = find_mail(p, "p1", "zebra", "", "<Range>2-3</Range>");
	answer_expect(a, RESPONSE "/Status", "4");
	assert_false(answer_has(a, RESPONSE "/Result"));
	a = find_mail(p, "p1", "zebra", "", "<Range>0-1</Range>");
	answer_expect(a, RESPONSE "/Range", "0-1");
	answer_expect(a, RESPONSE "/Total", "4");
	assert_int_equal(answer_count(a, RESPONSE "/Result"), 2);
	a = find_mail(p, "p1", "zebra", "", "<Range>2-3</Range>");
	answer_expect(a, RESPONSE "/Status", "1");
	answer_expect(a, RESPONSE "/Range", "2-3");
	a = find_mail(p, "p1", "zebra", "", "<Range>0-1000</Range>");
	answer_expect(a, RESPONSE "/Status", "2");
}

/* The same entries as Search finds; MS-ASCMD_R131999, R132000, R132004. */
static void
people(void **state)
{
	struct phone *p = phone_161("findgal");
	struct answer *a = find_people(p, "g1", "ev", "<Picture/>");

	(void)state;
	answer_expect(a, "/Find/Status", "1");
	answer_expect(a, RESPONSE "/Store", "Mailbox");
	answer_expect(a, RESPONSE "/Status", "1");
	answer_expect(a, RESPONSE "/Total", "2");
	answer_expect(a, RESPONSE "/Range", "0-1");
	answer_expect(a, RESPONSE "/Result[1]/Properties/DisplayName",
		      "Eva Muster");
	answer_expect(a, RESPONSE "/Result[1]/Properties/EmailAddress",
		      "eva@find.test");
	answer_expect(a, RESPONSE "/Result[1]/Properties/Alias", "eva");
	answer_expect(a, RESPONSE "/Result[1]/Properties/Picture/Status",
		      "173");
	answer_expect(a, RESPONSE "/Result[2]/Properties/DisplayName",
		      "Evan Zebra");
	a = find_people(p, "g1", "ev", "<Range>1-1</Range>");
	answer_expect(a, RESPONSE "/Range", "1-1");
	a = find_people(p, "g2", "nobody", "");
	answer_expect(a, RESPONSE "/Status", "1");
	assert_false(answer_has(a, RESPONSE "/Result"));
}

/* MS-ASCMD_R72172512; not before 16.1 (R10032015 to R10032018). */
static void
refused(void **state)
{
	struct phone *p = phone_161("findbad");
	struct answer *a;

	(void)state;
	a = find_people(p, "", "ev", "");
	answer_expect(a, "/Find/Status", "2");
	a = phone_post(p, "Find", "<Find><SearchId>1</SearchId></Find>");
	answer_expect(a, "/Find/Status", "2");
	a = find_mail(p, "b1", "", "", "");
	answer_expect(a, RESPONSE "/Status", "2");
	a = phone_post(p, "Find",
		       "<Find><SearchId>b2</SearchId><ExecuteSearch>"
		       "<MailBoxSearchCriterion><Query><airsync:Class>Tasks"
		       "</airsync:Class><FreeText>x</FreeText></Query>"
		       "</MailBoxSearchCriterion></ExecuteSearch></Find>");
	answer_expect(a, RESPONSE "/Status", "2");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mail),  cmocka_unit_test(queries),
		cmocka_unit_test(folders), cmocka_unit_test(pages),
		cmocka_unit_test(people),  cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests_name("find", tests, up, down);
}
