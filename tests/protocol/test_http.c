/* The HTTP face: OPTIONS, query forms, credentials, autodiscover,
 * Provision, Settings, and everything a broken or hostile client may send.
 * Requirement ids in the comments are those of the specification rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/harness.h"
#include "tests/phone/wire.h"

static struct harness h;

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){ .name = "test_http" });
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

/* ---- OPTIONS and credentials -------------------------------------------*/

/* MS-ASHTTP_R238, R243: both headers, versions ascending. */
static void
options_names_versions_and_commands(void **state)
{
	struct phone *p = harness_phone(&h, 0, "httpoptions");
	struct answer *a = phone_options(p);
	const char *v;

	(void)state;
	answer_expect_http(a, 200);
	assert_int_equal(a->n_raw, 0);
	v = answer_header(a, "MS-ASProtocolVersions");
	assert_non_null(v);
	assert_non_null(strstr(v, "12.1,14.0,14.1"));
	v = answer_header(a, "MS-ASProtocolCommands");
	assert_non_null(v);
	assert_non_null(strstr(v, "FolderSync"));
	assert_non_null(strstr(v, "ItemOperations"));
	assert_non_null(strstr(v, "Ping"));
}

static struct answer *
bare(struct phone *p, const char *method)
{
	return phone_ask(p, &(struct ask){ .cmd = "FolderSync",
					   .method = method,
					   .no_auth = true });
}

/* MS-ASHTTP_R178: the challenge on OPTIONS and POST alike. */
static void
no_credentials_is_401_with_challenge(void **state)
{
	struct phone *p = harness_phone(&h, 0, "httpbare");
	struct answer *a;
	const char *v;

	(void)state;
	a = bare(p, "OPTIONS");
	answer_expect_http(a, 401);
	v = answer_header(a, "WWW-Authenticate");
	assert_non_null(v);
	assert_memory_equal(v, "Basic", 5);
	a = bare(p, NULL);
	answer_expect_http(a, 401);
	assert_non_null(answer_header(a, "WWW-Authenticate"));
}

/* MS-ASHTTP_R523 */
static void
wrong_password_is_401(void **state)
{
	struct phone *p = phone_new(h.url, h.users[0].email, "not it",
				    "httpwrong");

	(void)state;
	answer_expect_http(phone_folder_sync(p), 401);
	answer_expect_http(phone_options(p), 401);
	phone_free(p);
}

static void
unknown_user_is_401(void **state)
{
	struct phone *p = phone_new(h.url, "nobody@example.test", "secret",
				    "httpnobody");

	(void)state;
	answer_expect_http(phone_folder_sync(p), 401);
	phone_free(p);
}

/* Each of the names of a configured user is the same account. */
static void
login_by_either_name(void **state)
{
	struct phone *p = phone_new(h.url, h.users[0].login,
				    h.users[0].password, "httplogin");
	struct phone *q = harness_phone(&h, 0, "httplogin");

	(void)state;
	phone_set_up(p);
	phone_set_up(q);
	assert_string_equal(phone_inbox(p)->id, phone_inbox(q)->id);
	phone_free(p);
}

/* A new password in the middle must not be let in by a cache. */
static void
right_then_wrong_password(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "httpright");
	struct phone *q = phone_new(h.url, h.users[0].email, "wrong now",
				    "httpright");

	(void)state;
	answer_expect_http(phone_folder_sync(p), 200);
	answer_expect_http(phone_folder_sync(q), 401);
	answer_expect_http(phone_folder_sync(p), 200);
	phone_free(q);
}

/* ---- query forms, versions ---------------------------------------------*/

/* MS-ASHTTP base64 query: the same account, the same ids. */
static void
base64_query(void **state)
{
	struct phone *plain = harness_ready_phone(&h, 0, "httpb64");
	struct phone *p = harness_phone(&h, 0, "httpb64b");
	struct sync_result r;

	(void)state;
	p->base64_query = true;
	phone_set_up(p);
	assert_string_equal(phone_inbox(plain)->id, phone_inbox(p)->id);
	r = phone_sync(p, phone_inbox(p), NULL);
	assert_int_equal(r.status, 1);
	assert_string_not_equal(phone_inbox(p)->key, "0");
}

/* The same key chain is reached by both forms. */
static void
query_forms_share_the_device(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "httpboth");

	(void)state;
	phone_sync_all(p, phone_inbox(p));
	p->base64_query = true;
	answer_expect(phone_folder_sync(p), "/FolderSync/Status", "1");
	phone_sync_all(p, phone_inbox(p));
	assert_int_equal(phone_inbox(p)->resets, 0);
}

static void
with_version(const char *version, const char *device)
{
	struct phone *p = harness_phone(&h, 0, device);

	p->version = version;
	phone_set_up(p);
	phone_sync_all(p, phone_inbox(p));
}

/* MS-ASCMD_R6012 to R6014 and their like for Sync. */
static void
all_offered_versions_work(void **state)
{
	(void)state;
	with_version("12.1", "httpv121");
	with_version("14.0", "httpv140");
	with_version("14.1", "httpv141");
}

static struct answer *
raw_folder_sync(struct phone *p, const char *version)
{
	char *line = bytes_format("MS-ASProtocolVersion: %s", version);
	const char *const headers[] = { line, NULL };
	char *url = bytes_format("%s?Cmd=FolderSync&User=x&DeviceId=httpver"
				 "&DeviceType=T",
				 p->url);
	struct answer *a;

	a = phone_ask(p, &(struct ask){
				 .cmd = "FolderSync",
				 .xml = "<FolderSync><SyncKey>0</SyncKey>"
					"</FolderSync>",
				 .url = url,
				 .headers = headers,
				 .unchecked = true });
	free(line);
	free(url);
	return a;
}

static void
wrong_version_is_400(void **state)
{
	struct phone *p = harness_phone(&h, 0, "httpver");

	(void)state;
	answer_expect_http(raw_folder_sync(p, "14.1"), 200);
	answer_expect_http(raw_folder_sync(p, "99.9"), 400);
	answer_expect_http(raw_folder_sync(p, "nonsense"), 400);
}

/* MS-ASHTTP_R443 */
static void
unknown_command_is_501(void **state)
{
	struct phone *p = harness_phone(&h, 0, "httpcmd");
	struct answer *a;

	(void)state;
	a = phone_ask(p, &(struct ask){ .cmd = "MakeCoffee",
					.xml = "<Ping/>",
					.unchecked = true });
	if (a->status == 200)
		answer_expect(a, "*/Status", "137");
	else
		answer_expect_http(a, 501);
}

static struct answer *
at(struct phone *p, const char *method, const char *path)
{
	char *url = bytes_format("%s%s", h.url, path);
	struct answer *a;

	a = phone_ask(p, &(struct ask){ .cmd = "Ping",
					.method = method,
					.url = url,
					.unchecked = true });
	free(url);
	return a;
}

/* MS-ASHTTP_R182, R187, R176 */
static void
wrong_paths_methods_and_queries(void **state)
{
	struct phone *p = harness_phone(&h, 0, "httppath");
	long s;

	(void)state;
	answer_expect_http(at(p, "GET", "/"), 404);
	answer_expect_http(at(p, "POST", "/elsewhere"), 404);
	answer_expect_http(at(p, "OPTIONS", "/microsoft-server-activesync"),
			   200);
	s = at(p, "DELETE", "/Microsoft-Server-ActiveSync")->status;
	assert_true(s == 405 || s == 501);
	answer_expect_http(at(p, "POST", "/Microsoft-Server-ActiveSync"), 400);
	answer_expect_http(at(p, "POST", "/Microsoft-Server-ActiveSync?!!!"),
			   400);
	answer_expect_http(at(p, "POST", "/Microsoft-Server-ActiveSync?jQ=="),
			   400);
	answer_expect_http(at(p, "POST",
			      "/Microsoft-Server-ActiveSync?Cmd=Sync"),
			   400);
}

/* Header names in any case; browser extras; escaped User. */
static void
odd_but_legal_headers(void **state)
{
	struct phone *p = harness_phone(&h, 0, "httpodd");
	const char *const headers[] = { "ms-asprotocolversion: 14.1",
					"origin: moz-extension://x",
					"sec-fetch-mode: cors", NULL };
	char *url = bytes_format("%s?DeviceType=T&deviceid=httpodd&"
				 "User=EXAMPLE%%5Cuser1&Cmd=FolderSync",
				 p->url);

	(void)state;
	answer_expect(phone_ask(p, &(struct ask){
					   .cmd = "FolderSync",
					   .url = url,
					   .headers = headers,
					   .xml = "<FolderSync><SyncKey>0"
						  "</SyncKey></FolderSync>" }),
		      "/FolderSync/Status", "1");
	free(url);
}

static void
gzip_when_offered(void **state)
{
	struct phone *p = harness_phone(&h, 0, "httpgzip");

	(void)state;
	p->gzip = true;
	phone_set_up(p);
	phone_sync_all(p, phone_inbox(p));
}

/* ---- bad bodies --------------------------------------------------------*/

/* Anything but a crash, a hang or a 200 that claims success. */
static void
refuses(struct phone *p, const char *cmd, const void *body, size_t n)
{
	struct answer *a;
	int status;

	p->unchecked = true;
	a = phone_post_raw(p, cmd, body, n);
	p->unchecked = false;
	if (a->status == 400)
		return;
	answer_expect_http(a, 200);
	status = answer_int(a, "*/Status");
	if (status <= 1)
		fail_msg("%s took a bad body: %s", cmd, answer_show(a));
}

#define BODY(text) text, sizeof(text) - 1

/* MS-ASCMD_R4815 (102) or MS-ASHTTP_R176 (400) */
static void
malformed_wbxml(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "httpbad");

	(void)state;
	refuses(p, "FolderSync", BODY("hello"));
	refuses(p, "FolderSync", BODY("\x03\x01\x6a"));
	refuses(p, "FolderSync", BODY("\x03\x01\x6a\x00"));
	refuses(p, "FolderSync", BODY("\x03\x01\x6a\x00\x00\x07\x56"));
	refuses(p, "FolderSync",
		BODY("\x03\x01\x6a\x00\x00\x07\x56\x52\x03"
		     "0"));
	refuses(p, "FolderSync", BODY("\x03\x01\x6a\x00\x00\xc8\x56\x01"));
	refuses(p, "FolderSync",
		BODY("\x03\x01\x6a\x00\x00\x07\x56\x52\xc3\xff\xff\xff\xff"
		     "\x7f"
		     "abc"));
	refuses(p, "FolderSync",
		BODY("\x03\x01\x6a\x84\x80\x80\x80\x00\x00\x07\x56\x01"));
	refuses(p, "Sync", BODY("<?xml version=\"1.0\"?><Sync/>"));
	phone_set_up(p);
}

/* Every prefix of a good request, and every byte of it spoilt. */
static void
truncated_and_spoilt_wbxml(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "httpcut");
	const char *xml = "<Sync><Collections><Collection><SyncKey>0</SyncKey>"
			  "<CollectionId>x</CollectionId></Collection>"
			  "</Collections></Sync>";
	struct bytes b = { 0 };
	struct wire_error e;
	size_t i;

	(void)state;
	assert_true(wire_encode(&b, xml, &e));
	p->unchecked = true;
	for (i = 1; i < b.n; i++)
		assert_int_not_equal(
			phone_post_raw(p, "Sync", b.p, i)->status, 0);
	for (i = 0; i < b.n; i++) {
		b.p[i] = (char)(b.p[i] ^ 0x55);
		assert_int_not_equal(
			phone_post_raw(p, "Sync", b.p, b.n)->status, 0);
		b.p[i] = (char)(b.p[i] ^ 0x55);
	}
	p->unchecked = false;
	bytes_free(&b);
	phone_sync_all(p, phone_inbox(p));
}

/* An element nested 5000 times; 300000 elements in a row. */
static void
deep_and_wide_wbxml(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "httpdeep");
	struct bytes b = { 0 };
	int i;

	(void)state;
	bytes_put(&b, "\x03\x01\x6a\x00", 4);
	for (i = 0; i < 5000; i++)
		bytes_byte(&b, 0x45);
	for (i = 0; i < 5000; i++)
		bytes_byte(&b, 0x01);
	refuses(p, "Sync", b.p, b.n);
	b.n = 4;
	bytes_byte(&b, 0x45);
	for (i = 0; i < 300000; i++)
		bytes_byte(&b, 0x1c);
	bytes_byte(&b, 0x01);
	refuses(p, "Sync", b.p, b.n);
	bytes_free(&b);
	phone_sync_all(p, phone_inbox(p));
}

/* Unknown elements are skipped, unknown pages are not. */
static void
unknown_elements_are_skipped(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "httpunknown");
	struct answer *a;

	(void)state;
	a = phone_post(p, "FolderSync",
		       "<FolderSync><SyncKey>0</SyncKey>"
		       "<Count token=\"3e\">what</Count></FolderSync>");
	answer_expect(a, "/FolderSync/Status", "1");
}

/* Forms a decoder must take: repeated STR_I, content bit without content,
 * opaque where text is usual (MS-ASWBXML). */
static void
unusual_but_legal_wbxml(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "httpunusual");
	struct phone_folder *f = phone_inbox(p);
	struct answer *a;

	(void)state;
	a = phone_post(p, "FolderSync",
		       "<FolderSync><SyncKey enc=\"opaque\">0</SyncKey>"
		       "</FolderSync>");
	answer_expect(a, "/FolderSync/Status", "1");
	a = phone_postf(p, "Sync",
			"<Sync><Collections><Collection><SyncKey>0</SyncKey>"
			"<CollectionId enc=\"split\">%s</CollectionId>"
			"</Collection></Collections></Sync>",
			f->id);
	answer_expect(a, "/Sync/Collections/Collection/Status", "1");
	a = phone_postf(p, "Sync",
			"<Sync><Collections><Collection><SyncKey>%s</SyncKey>"
			"<CollectionId>%s</CollectionId>"
			"<GetChanges enc=\"content\"/><Options/>"
			"</Collection></Collections></Sync>",
			answer_text(a, "/Sync/Collections/Collection/SyncKey"),
			f->id);
	answer_expect_http(a, 200);
}

/* The root of another command, an empty root, a body where none belongs. */
static void
body_of_another_command(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "httpother");
	struct bytes b = { 0 };
	struct wire_error e;

	(void)state;
	assert_true(wire_encode(&b, "<Ping/>", &e));
	refuses(p, "FolderSync", b.p, b.n);
	refuses(p, "Sync", b.p, b.n);
	bytes_free(&b);
	p->unchecked = true;
	assert_int_not_equal(phone_post(p, "FolderSync", NULL)->status, 0);
	assert_int_not_equal(phone_post(p, "ItemOperations", NULL)->status, 0);
	p->unchecked = false;
}

/* More than the largest request: refused, and the server lives. */
static void
huge_body(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "httphuge");
	size_t n = 80u << 20;
	char *body = malloc(n);
	struct answer *a;

	(void)state;
	memset(body, 'x', n);
	p->may_fail = true;
	p->unchecked = true;
	a = phone_post_raw(p, "SendMail", body, n);
	assert_true(a->status == 413 || a->status == 400 || a->status == 0 ||
		    (a->status == 200 && answer_int(a, "*/Status") > 1));
	p->may_fail = false;
	p->unchecked = false;
	free(body);
	phone_set_up(p);
}

/* ---- autodiscover ------------------------------------------------------*/

static void
autodiscover_pox(void **state)
{
	struct phone *p = harness_phone(&h, 0, "httpauto");
	struct answer *a;

	(void)state;
	a = phone_autodiscover(p, h.url, h.users[0].email);
	answer_expect_http(a, 200);
	answer_expect(a, "/Autodiscover/Response/User/EMailAddress",
		      h.users[0].email);
	answer_expect(a, "/Autodiscover/Response/Action/Settings/Server/Type",
		      "MobileSync");
	assert_non_null(strstr(p->url, "/Microsoft-Server-ActiveSync"));
	phone_set_url(p, h.url);
}

static struct answer *
pox(struct phone *p, const char *path, const char *schema, bool no_auth)
{
	char *url = bytes_format("%s%s", h.url, path);
	char *body = bytes_format(
		"<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/"
		"autodiscover/mobilesync/requestschema/2006\"><Request>"
		"<EMailAddress>%s</EMailAddress><AcceptableResponseSchema>%s"
		"</AcceptableResponseSchema></Request></Autodiscover>",
		h.users[0].email, schema);
	struct answer *a;

	a = phone_ask(p, &(struct ask){ .cmd = "autodiscover",
					.url = url,
					.raw = body,
					.n_raw = strlen(body),
					.content_type = "text/xml",
					.no_auth = no_auth });
	free(url);
	free(body);
	return a;
}

#define MOBILESYNC                                                            \
	"http://schemas.microsoft.com/exchange/autodiscover/mobilesync/"      \
	"responseschema/2006"

static void
autodiscover_errors(void **state)
{
	struct phone *p = harness_phone(&h, 0, "httpautoerr");
	struct answer *a;

	(void)state;
	a = pox(p, "/Autodiscover/Autodiscover.xml", MOBILESYNC, true);
	answer_expect_http(a, 401);
	a = pox(p, "/AutoDiscover/AutoDiscover.xml", MOBILESYNC, false);
	answer_expect_http(a, 200);
	a = pox(p, "/autodiscover/autodiscover.xml",
		"http://schemas.microsoft.com/exchange/autodiscover/outlook/"
		"responseschema/2006a",
		false);
	answer_expect_http(a, 200);
	answer_expect(a, "/Autodiscover/Response/Error/ErrorCode", "601");
}

static void
expect_json(struct answer *a, const char *key, const char *want)
{
	json_error_t e;
	json_t *j = json_loadb(a->raw, a->n_raw, 0, &e);
	const char *have = json_string_value(json_object_get(j, key));

	if (!have || (want && !strstr(have, want)))
		fail_msg("%s is %s in %s", key, have ? have : "(absent)",
			 a->raw);
	json_decref(j);
}

/* Without credentials, and the same for unknown addresses. */
static void
autodiscover_json(void **state)
{
	struct phone *p = harness_phone(&h, 0, "httpjson");
	struct answer *a;

	(void)state;
	a = phone_autodiscover_json(p, h.url, h.users[0].email, "ActiveSync");
	answer_expect_http(a, 200);
	expect_json(a, "Protocol", "ActiveSync");
	expect_json(a, "Url", "/Microsoft-Server-ActiveSync");
	a = phone_autodiscover_json(p, h.url, "who%40example.test",
				    "activesync");
	answer_expect_http(a, 200);
	expect_json(a, "Url", "/Microsoft-Server-ActiveSync");
	a = phone_autodiscover_json(p, h.url, h.users[0].email,
				    "AutodiscoverV1");
	answer_expect_http(a, 200);
	expect_json(a, "Url", "/autodiscover/autodiscover.xml");
	a = phone_autodiscover_json(p, h.url, h.users[0].email, "Ews");
	answer_expect_http(a, 400);
	expect_json(a, "ErrorCode", NULL);
}

/* ---- Provision, Settings -----------------------------------------------*/

/* Nobody is asked to provision; who does gets a document and two keys. */
static void
provision_in_two_phases(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "httpprov");
	struct answer *a;
	char first[16];

	(void)state;
	assert_string_equal(p->policy_key, "");
	a = phone_provision(p);
	answer_expect(a, "/Provision/Status", "1");
	answer_expect(a, "/Provision/Policies/Policy/Status", "1");
	assert_false(answer_has(a, "/Provision/Policies/Policy/Data"));
	assert_false(answer_has(a, "/Provision/RemoteWipe"));
	assert_int_not_equal(strtoul(p->policy_key, NULL, 10), 0);
	memcpy(first, p->policy_key, sizeof(first));
	answer_expect(phone_folder_sync(p), "/FolderSync/Status", "1");
	phone_provision(p);
	assert_int_not_equal(strtoul(p->policy_key, NULL, 10), 0);
}

static struct answer *
provision_download(struct phone *p, const char *info, const char *type)
{
	return phone_postf(p, "Provision",
			   "<Provision>%s<Policies><Policy><PolicyType>%s"
			   "</PolicyType></Policy></Policies></Provision>",
			   info, type);
}

#define INFO                                                                  \
	"<settings:DeviceInformation><settings:Set><settings:Model>M"         \
	"</settings:Model></settings:Set></settings:DeviceInformation>"

/* First phase: a document comes; wrong type 3; MS-ASCMD_R4954: 165. */
static void
provision_first_phase(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "httpprov1");
	struct answer *a;

	(void)state;
	a = provision_download(p, INFO, "MS-EAS-Provisioning-WBXML");
	answer_expect(a, "/Provision/Status", "1");
	answer_expect(a, "/Provision/DeviceInformation/Status", "1");
	assert_true(answer_has(a, "/Provision/Policies/Policy/Data/"
				  "EASProvisionDoc"));
	a = provision_download(p, INFO, "Unheard-Of");
	answer_expect(a, "/Provision/Policies/Policy/Status", "3");
	a = provision_download(p, "", "MS-EAS-Provisioning-WBXML");
	answer_expect(a, "/Provision/Status", "165");
	p->version = "14.0";
	a = provision_download(p, "", "MS-EAS-Provisioning-WBXML");
	answer_expect(a, "/Provision/Status", "1");
}

static void
provision_wrong_temporary_key(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "httpprov2");
	struct answer *a;

	(void)state;
	a = provision_download(p, INFO, "MS-EAS-Provisioning-WBXML");
	answer_expect(a, "/Provision/Status", "1");
	a = phone_post(p, "Provision",
		       "<Provision><Policies><Policy><PolicyType>"
		       "MS-EAS-Provisioning-WBXML</PolicyType>"
		       "<PolicyKey>12345</PolicyKey><Status>1</Status>"
		       "</Policy></Policies></Provision>");
	answer_expect(a, "/Provision/Policies/Policy/Status", "5");
}

/* MS-ASCMD_R481, R998 to R1026: Accounts from 14.1 on, else addresses. */
static void
settings_user_information(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "httpuserinfo");
	const char *get = "/Settings/UserInformation/Get/";
	char path[200];
	struct answer *a = phone_user_information(p);

	(void)state;
	answer_expect(a, "/Settings/Status", "1");
	answer_expect(a, "/Settings/UserInformation/Status", "1");
	snprintf(path, sizeof(path),
		 "%sAccounts/Account/EmailAddresses/PrimarySmtpAddress", get);
	answer_expect(a, path, h.users[0].email);
	p->version = "14.0";
	a = phone_user_information(p);
	snprintf(path, sizeof(path), "%sEmailAddresses/SMTPAddress", get);
	answer_expect(a, path, h.users[0].email);
}

static void
settings_device_information(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "httpdevinfo");
	struct answer *a = phone_device_information(p);

	(void)state;
	answer_expect(a, "/Settings/Status", "1");
	answer_expect(a, "/Settings/DeviceInformation/Status", "1");
	p->version = "12.1";
	a = phone_device_information(p);
	answer_expect(a, "/Settings/DeviceInformation/Status", "1");
}

/* Without a Sieve server: off, and a Set is refused, not swallowed. */
static void
settings_oof_without_sieve(void **state)
{
	struct phone *p = harness_ready_phone(&h, 0, "httpoof");
	struct answer *a;

	(void)state;
	a = phone_post(p, "Settings",
		       "<Settings><Oof><Get><BodyType>Text</BodyType></Get>"
		       "</Oof></Settings>");
	answer_expect(a, "/Settings/Status", "1");
	answer_expect(a, "/Settings/Oof/Status", "1");
	answer_expect(a, "/Settings/Oof/Get/OofState", "0");
	a = phone_post(p, "Settings",
		       "<Settings><Oof><Set><OofState>1</OofState></Set>"
		       "</Oof></Settings>");
	assert_true(answer_int(a, "/Settings/Oof/Status") > 1 ||
		    answer_int(a, "/Settings/Status") > 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_names_versions_and_commands),
		cmocka_unit_test(no_credentials_is_401_with_challenge),
		cmocka_unit_test(wrong_password_is_401),
		cmocka_unit_test(unknown_user_is_401),
		cmocka_unit_test(login_by_either_name),
		cmocka_unit_test(right_then_wrong_password),
		cmocka_unit_test(base64_query),
		cmocka_unit_test(query_forms_share_the_device),
		cmocka_unit_test(all_offered_versions_work),
		cmocka_unit_test(wrong_version_is_400),
		cmocka_unit_test(unknown_command_is_501),
		cmocka_unit_test(wrong_paths_methods_and_queries),
		cmocka_unit_test(odd_but_legal_headers),
		cmocka_unit_test(gzip_when_offered),
		cmocka_unit_test(malformed_wbxml),
		cmocka_unit_test(truncated_and_spoilt_wbxml),
		cmocka_unit_test(deep_and_wide_wbxml),
		cmocka_unit_test(unknown_elements_are_skipped),
		cmocka_unit_test(unusual_but_legal_wbxml),
		cmocka_unit_test(body_of_another_command),
		cmocka_unit_test(huge_body),
		cmocka_unit_test(autodiscover_pox),
		cmocka_unit_test(autodiscover_errors),
		cmocka_unit_test(autodiscover_json),
		cmocka_unit_test(provision_in_two_phases),
		cmocka_unit_test(provision_first_phase),
		cmocka_unit_test(provision_wrong_temporary_key),
		cmocka_unit_test(settings_user_information),
		cmocka_unit_test(settings_device_information),
		cmocka_unit_test(settings_oof_without_sieve),
	};

	return cmocka_run_group_tests(tests, up, down);
}
