/* How phones find easbridge: Autodiscover in its forms, and the names in DNS
 * under which they ask for it (field/clients.md 1). */
#include "gateway/cli/check_private.h"

#include <string.h>

#include "gateway/cli/setup.h"

#define POX_PATH "/autodiscover/autodiscover.xml"

static const char *const xml_headers[] = {
	"Content-Type: text/xml; charset=utf-8", NULL
};

static const char *
trouble_remedy(enum http_trouble t)
{
	switch (t) {
	case HTTP_NO_HOST:
		return "The name is not in DNS: add it there, or correct "
		       "external-url.";
	case HTTP_NO_CONNECTION:
		return "Nothing answers there: does the proxy run, does it "
		       "listen on that port, is the firewall open?";
	case HTTP_UNTRUSTED:
		return "Phones refuse such a certificate: it must name this "
		       "host, come with its chain, and be from a CA that "
		       "phones know (Let's Encrypt is).";
	case HTTP_FINE:
	case HTTP_OTHER:
		break;
	}
	return "Is it https where https is meant, and http where not?";
}

static const char *
status_remedy(long status)
{
	switch (status) {
	case 401:
		return "Is it the password this phone uses? Does the proxy "
		       "pass Authorization on?";
	case 403:
		return "The proxy or a firewall for web applications refuses "
		       "it: let " EAS_PATH " pass.";
	case 404:
		return "The proxy does not pass that path on: see "
		       "docs/proxies.md.";
	case 502:
	case 504:
		return "The proxy does not reach easbridge: does it run, is "
		       "the port the one of listen?";
	case 503:
		return "A server behind does not answer; see the lines "
		       "above, and the log.";
	default:
		return "See the log of easbridge, and of the proxy.";
	}
}

bool
check_answered(struct check *k, const char *what, const struct http_reply *r)
{
	if (r->trouble != HTTP_FINE) {
		check_say(k, what, CHECK_FAIL, trouble_remedy(r->trouble),
			  "%s", r->text);
		return false;
	}
	if (r->status != 200) {
		check_say(k, what, CHECK_FAIL, status_remedy(r->status),
			  "HTTP status %ld", r->status);
		return false;
	}
	return true;
}

static bool
check_post(struct check *k, struct http_ask q, const char *url,
		   const char *email)
{
	const char *what = "phone, Autodiscover";
	struct http_reply r;

	q.method = "POST";
	q.url = arena_printf(k->a, "%s/autodiscover/autodiscover.xml", url);
	q.headers = xml_headers;
	q.body = span_of(arena_printf(
		k->a, "<Autodiscover xmlns=\"http://schemas.microsoft.com/"
		"exchange/autodiscover/mobilesync/requestschema/2006\">"
		"<Request><EMailAddress>%s</EMailAddress>"
		"<AcceptableResponseSchema>http://schemas.microsoft.com/"
		"exchange/autodiscover/mobilesync/responseschema/2006"
		"</AcceptableResponseSchema></Request></Autodiscover>",
		email));
	http_ask(k->a, &q, PHONE_MS, &r);
	if (!check_answered(k, what, &r))
		return false;
	if (span_find(r.body, SPAN("<Url>")) < 0) {
		check_say(k, what, CHECK_FAIL, "Somebody else answers there: "
			  "pass /autodiscover on to easbridge.",
			  "the answer names no server");
		return false;
	}
	if (span_find(r.body, span_of(url)) < 0)
		check_say(k, what, CHECK_NOTE,
			  "Set external-url to what phones are to use.",
			  "phones are told another address than %s", url);
	else
		check_say(k, what, CHECK_OK, NULL, "phones find %s", url);
	return true;
}

/* ---- the other forms -------------------------------------------------------*/

/* MyMail, Spike and others ask by GET. */
static bool
get_works(struct check *k, struct http_ask q, const char *url)
{
	struct http_reply r;

	q.method = "GET";
	q.url = arena_printf(k->a, "%s" POX_PATH, url);
	http_ask(k->a, &q, PHONE_MS, &r);
	return r.trouble == HTTP_FINE && r.status == 200 &&
	       span_find(r.body, SPAN("<Url>")) >= 0;
}

/* Outlook asks from Microsoft's cloud, without a login. */
static bool
json_works(struct check *k, struct http_ask q, const char *url,
	   const char *email)
{
	struct http_reply r;

	q.user = NULL;
	q.method = "GET";
	q.url = arena_printf(k->a, "%s/autodiscover/autodiscover.json?Email="
			     "%s&Protocol=ActiveSync&RedirectCount=1", url,
			     email);
	http_ask(k->a, &q, PHONE_MS, &r);
	return r.trouble == HTTP_FINE && r.status == 200 &&
	       span_find(r.body, SPAN("\"Url\"")) >= 0;
}

/* iPhones, who write it with capitals, go on after a 401 alone. */
static bool
asks_for_login(struct check *k, struct http_ask q, const char *url,
	       struct http_reply *r)
{
	q.user = NULL;
	q.method = "GET";
	q.url = arena_printf(k->a, "%s/Autodiscover/Autodiscover.xml", url);
	http_ask(k->a, &q, PHONE_MS, r);
	return r->trouble == HTTP_FINE && r->status == 401;
}

static void
check_forms(struct check *k, struct http_ask q, const char *url,
	    const char *email)
{
	const char *what = "phone, Autodiscover";
	struct http_reply r;
	bool get = get_works(k, q, url);
	bool json = json_works(k, q, url, email);
	bool login = asks_for_login(k, q, url, &r);

	if (get && json && login) {
		check_say(k, what, CHECK_OK, NULL, "by POST and GET, by JSON, "
			  "in capitals; a login is asked for");
		return;
	}
	if (!get)
		check_say(k, what, CHECK_FAIL, "Let the proxy pass GET on to "
			  "easbridge too.", "by GET there is no answer");
	if (!json)
		check_say(k, what, CHECK_FAIL, "Pass /autodiscover/autodiscover"
			  ".json on to easbridge, without a login of the "
			  "proxy's: Outlook asks there first.",
			  "no answer in JSON");
	if (!login)
		check_say(k, what, CHECK_FAIL, "Pass /Autodiscover/ in any "
			  "case on to easbridge, and nothing else to whoever "
			  "has no login: iPhones give up otherwise.",
			  "%s/Autodiscover/Autodiscover.xml answers %ld in "
			  "place of 401", url, r.status);
}

/* ---- names -----------------------------------------------------------------*/

static bool
is_for_tests(const char *domain)
{
	static const char *const ends[] = { ".test", ".example", ".invalid",
					    ".localhost" };
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (span_ends_ci(span_of(domain), span_of(ends[i])))
			return true;
	return false;
}

struct place {
	const char *name, *url;
};

/* True: a phone that tries that place is asked for its login. A place where
 * something else answers is told about: some phones end there. */
static bool
works_at(struct check *k, struct http_ask q, const struct place *v)
{
	const char *what = "phone, DNS";
	struct http_reply r;

	if (asks_for_login(k, q, v->url, &r)) {
		check_say(k, what, CHECK_OK, NULL, "%s leads here", v->name);
		return true;
	}
	if (r.trouble == HTTP_UNTRUSTED)
		check_say(k, what, CHECK_FAIL, "Let the certificate name it "
			  "too: phones warn, or give up.",
			  "%s: %s", v->name, r.text);
	else if (r.trouble == HTTP_FINE)
		check_say(k, what, CHECK_NOTE, "A web site answers there; let "
			  "it pass /autodiscover/ on to easbridge, or answer "
			  "404.", "%s answers %ld", v->name, r.status);
	return false;
}

/* In the order in which phones look: the domain, autodiscover., SRV. */
static void
check_names(struct check *k, struct http_ask q, const char *domain,
	    const char *url)
{
	const struct resolver *dns = k->dns;
	struct place v[3] = { { domain, NULL } };
	struct srv_answer srv;
	bool ok = false;
	size_t i;

	v[1].name = arena_printf(k->a, "autodiscover.%s", domain);
	v[2].name = arena_printf(k->a, "_autodiscover._tcp.%s (SRV)", domain);
	for (i = 0; i < 2; i++)
		if (resolve_host(dns, v[i].name))
			v[i].url = arena_printf(k->a, "https://%s",
						v[i].name);
	if (resolve_srv(dns, arena_printf(k->a, "_autodiscover._tcp.%s",
					  domain), &srv))
		v[2].url = arena_printf(k->a, "https://%s:%u", srv.host,
					srv.port);
	for (i = 0; i < 3; i++)
		if (v[i].url != NULL)
			ok = works_at(k, q, &v[i]) || ok;
	if (!ok)
		check_say(k, "phone, DNS", CHECK_NOTE, arena_printf(
				  k->a, "Add to DNS: autodiscover.%s. CNAME "
				  "%.*s. (and to the certificate), or "
				  "_autodiscover._tcp.%s. SRV 0 0 443 %.*s.",
				  domain, (int)strcspn(url + 8, ":/"),
				  url + 8, domain,
				  (int)strcspn(url + 8, ":/"), url + 8),
			  "phones do not find it by the address alone: the "
			  "server is to be typed");
}

void
check_discovery(struct check *k, struct http_ask q, const struct user_conf *u,
		const char *url)
{
	const char *email = u->emails[0];
	const char *domain = strchr(email, '@') + 1;

	if (check_post(k, q, url, email))
		check_forms(k, q, url, email);
	if (k->dns == NULL)
		return;
	if (k->dns->text.p == NULL && is_for_tests(domain))
		check_say(k, "phone, DNS", CHECK_NOTE, NULL, "%s is a name for "
			  "tests: not looked up", domain);
	else if (strncmp(url, "https://", 8) == 0)
		check_names(k, q, domain, url);
}

