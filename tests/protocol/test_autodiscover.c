/* Autodiscover as each client of field/clients.md section 1 asks for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/harness.h"

#define MOBILESYNC                                                            \
	"http://schemas.microsoft.com/exchange/autodiscover/mobilesync/"      \
	"responseschema/2006"
#define SERVER "/Autodiscover/Response/Action/Settings/Server"

static struct harness h;

static int
up(void **state)
{
	(void)state;
	harness_up(&h, &(struct harness_options){
			       .name = "test_autodiscover",
			       .server = "external-url = "
					 "https://mail.example.org\n" });
	return 0;
}

static int
down(void **state)
{
	(void)state;
	return harness_down(&h);
}

static char *
body_for(const char *address, const char *schema)
{
	return bytes_format(
		"<?xml version=\"1.0\" encoding=\"utf-8\"?>"
		"<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/"
		"autodiscover/mobilesync/requestschema/2006\"><Request>"
		"<EMailAddress>%s</EMailAddress><AcceptableResponseSchema>%s"
		"</AcceptableResponseSchema></Request></Autodiscover>",
		address, schema);
}

struct form {
	const char *method, *path, *body; /* body NULL: none */
	const char *header;               /* one more; NULL: none */
	bool no_auth;
};

static struct answer *
send_form(struct phone *p, const struct form *f)
{
	const char *headers[] = { f->header, NULL };
	char *url = bytes_format("%s%s", h.url, f->path);
	struct answer *a;

	a = phone_ask(p, &(struct ask){
				 .cmd = "autodiscover",
				 .url = url,
				 .method = f->method,
				 .raw = f->body ? f->body : "",
				 .n_raw = f->body ? strlen(f->body) : 0,
				 .content_type = f->body ? "text/xml" : NULL,
				 .headers = f->header ? headers : NULL,
				 .no_auth = f->no_auth });
	free(url);
	return a;
}

static void
finds_the_server(struct answer *a)
{
	answer_expect_http(a, 200);
	answer_expect(a, SERVER "/Type", "MobileSync");
	answer_expect(a, SERVER "/Url", "https://mail.example.org/"
					"Microsoft-Server-ActiveSync");
	answer_expect(a, SERVER "/Name", "https://mail.example.org/"
					 "Microsoft-Server-ActiveSync");
	/* MS-ASCMD_R5718, R5823 */
	answer_expect(a, "/Autodiscover/Response/Culture", "en:us");
	answer_expect(a, "/Autodiscover/Response/User/EMailAddress",
		      h.users[0].email);
}

/* iOS, Android, TbSync: paths in any case, the address as it was typed. */
static void
by_post_in_any_case(void **state)
{
	static const char *const paths[] = {
		"/Autodiscover/Autodiscover.xml",
		"/autodiscover/autodiscover.xml",
		"/AutoDiscover/AutoDiscover.xml",
		"/Autodiscover/autodiscover.xml",
		"/AUTODISCOVER/AUTODISCOVER.XML",
		"/autodiscover/autodiscover.xml/",
	};
	struct phone *p = harness_phone(&h, 0, "autopost");
	char *body = body_for("USER1@example.test", MOBILESYNC);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct answer *a = send_form(
			p, &(struct form){ "POST", paths[i], body, NULL,
					   false });

		answer_expect_http(a, 200);
		answer_expect(a, SERVER "/Type", "MobileSync");
	}
	free(body);
	body = body_for(h.users[0].email, MOBILESYNC);
	finds_the_server(send_form(p, &(struct form){ "POST", paths[0], body,
						      NULL, false }));
	free(body);
}

/* Older Androids send no body; MyMail, Spike and Outlook mobile GET. */
static void
by_login_alone(void **state)
{
	struct phone *p = harness_phone(&h, 0, "autoget");

	(void)state;
	finds_the_server(send_form(
		p, &(struct form){ "POST", "/autodiscover/autodiscover.xml",
				   NULL, NULL, false }));
	finds_the_server(send_form(
		p, &(struct form){ "GET", "/autodiscover/autodiscover.xml",
				   NULL, NULL, false }));
}

/* iOS goes on only after a 401; whoever has no login learns nothing. */
static void
login_is_asked_for(void **state)
{
	struct phone *p = harness_phone(&h, 0, "auto401");
	char *body = body_for(h.users[0].email, MOBILESYNC);
	static const char *const methods[] = { "POST", "GET" };
	struct answer *a;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		a = send_form(p, &(struct form){
					 methods[i],
					 "/Autodiscover/Autodiscover.xml",
					 i == 0 ? body : NULL, NULL, true });
		answer_expect_http(a, 401);
		assert_non_null(answer_header(a, "WWW-Authenticate"));
	}
	/* go-activesync's last try, and others' first. */
	a = send_form(p, &(struct form){ "OPTIONS",
					 "/Microsoft-Server-ActiveSync",
					 NULL, NULL, true });
	answer_expect_http(a, 401);
	free(body);
}

/* http://autodiscover.DOMAIN: to https, before any password is sent; who
 * comes by https already is asked for it. */
static void
from_http_to_https(void **state)
{
	struct phone *p = harness_phone(&h, 0, "autohttp");
	struct answer *a;

	(void)state;
	a = send_form(p, &(struct form){ "GET",
					 "/Autodiscover/Autodiscover.xml",
					 NULL, "X-Forwarded-Proto: http",
					 true });
	answer_expect_http(a, 302);
	assert_string_equal(answer_header(a, "Location"),
			    "https://mail.example.org/autodiscover/"
			    "autodiscover.xml");
	a = send_form(p, &(struct form){ "GET",
					 "/Autodiscover/Autodiscover.xml",
					 NULL, "X-Forwarded-Proto: https",
					 true });
	answer_expect_http(a, 401);
}

/* Desktop Outlook's schema is not ours (error 601), nonsense is 600; both in
 * a document with status 200, as phones want it. */
static void
what_we_are_not(void **state)
{
	struct phone *p = harness_phone(&h, 0, "autoerr");
	static const struct {
		const char *body, *code;
	} bad[] = {
		{ "<Autodiscover><Request/>", "600" },
		{ "<Autodiscover/>", "600" },
		{ "<!DOCTYPE x [<!ENTITY a \"b\">]><Autodiscover><Request>"
		  "<EMailAddress>&a;</EMailAddress></Request></Autodiscover>",
		  "600" },
		{ "no xml", "600" },
	};
	char *body = body_for(h.users[0].email,
			      "http://schemas.microsoft.com/exchange/"
			      "autodiscover/outlook/responseschema/2006a");
	struct answer *a;
	size_t i;

	(void)state;
	a = send_form(p, &(struct form){ "POST",
					 "/autodiscover/autodiscover.xml",
					 body, NULL, false });
	answer_expect_http(a, 200);
	answer_expect(a, "/Autodiscover/Response/Error/ErrorCode", "601");
	free(body);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		a = send_form(p, &(struct form){
					 "POST",
					 "/autodiscover/autodiscover.xml",
					 bad[i].body, NULL, false });
		answer_expect_http(a, 200);
		answer_expect(a, "/Autodiscover/Response/Error/ErrorCode",
			      bad[i].code);
	}
}

/* An address that is not the user's is answered with one that is. */
static void
address_of_somebody_else(void **state)
{
	struct phone *p = harness_phone(&h, 0, "autoother");
	char *body = body_for("user2@example.test", MOBILESYNC);

	(void)state;
	finds_the_server(send_form(
		p, &(struct form){ "POST", "/autodiscover/autodiscover.xml",
				   body, NULL, false }));
	free(body);
}

/* Outlook mobile and Nine: without a login, whoever it is about. */
static void
json_of_outlook(void **state)
{
	static const struct {
		const char *path;
		long status;
		const char *text;
	} v[] = {
		{ "/autodiscover/autodiscover.json?Email=user1%40example.test"
		  "&Protocol=ActiveSync&RedirectCount=1", 200,
		  "\"Url\":\"https://mail.example.org/"
		  "Microsoft-Server-ActiveSync\"" },
		{ "/Autodiscover/Autodiscover.json?email=nobody@example.test"
		  "&protocol=activesync", 200, "\"Protocol\":\"ActiveSync\"" },
		{ "/autodiscover/autodiscover.json/v1.0/user1@example.test"
		  "?Protocol=ActiveSync", 200,
		  "https://mail.example.org/Microsoft-Server-ActiveSync" },
		{ "/autodiscover/autodiscover.json/v1.0/user1%40example.test"
		  "?Protocol=AutodiscoverV1", 200,
		  "https://mail.example.org/autodiscover/autodiscover.xml" },
		{ "/autodiscover/autodiscover.json?Email=a@b.c&Protocol=Ews",
		  400, "InvalidProtocol" },
		{ "/autodiscover/autodiscover.json?Email=a@b.c", 400,
		  "MandatoryParameterMissing" },
		{ "/autodiscover/autodiscover.json?Email=a&Protocol="
		  "ActiveSync", 400, "InvalidUserId" },
		{ "/autodiscover/autodiscover.jsonx", 404, "" },
		/* Nine's own mistake: not ours to answer. */
		{ "/v1.1/mail/config-v1.1.xml?emailaddress=a@b.c", 404, "" },
	};
	struct phone *p = harness_phone(&h, 0, "autojson");
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct answer *a = send_form(
			p, &(struct form){ "GET", v[i].path, NULL,
					   "User-Agent: OutlookMobileCloud"
					   "Service-Autodetect/1.0.0", true });

		answer_expect_http(a, v[i].status);
		if (v[i].text[0] && !memmem(a->raw, a->n_raw, v[i].text,
					    strlen(v[i].text)))
			fail_msg("%s: %.*s", v[i].path, (int)a->n_raw,
				 a->raw);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_post_in_any_case),
		cmocka_unit_test(by_login_alone),
		cmocka_unit_test(login_is_asked_for),
		cmocka_unit_test(from_http_to_https),
		cmocka_unit_test(what_we_are_not),
		cmocka_unit_test(address_of_somebody_else),
		cmocka_unit_test(json_of_outlook),
	};

	return cmocka_run_group_tests(tests, up, down);
}
