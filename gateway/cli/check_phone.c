/* easbridge as a phone sees it, through whatever proxy stands in front. */
#include "gateway/cli/check.h"

#include <string.h>

#include "base/buf.h"
#include "gateway/cli/check_http.h"
#include "translate/wbxml/wbxml.h"

#define EAS_PATH "/Microsoft-Server-ActiveSync"
#define PHONE_MS 40000

static const char *const eas_headers[] = {
	"Content-Type: application/vnd.ms-sync.wbxml",
	"MS-ASProtocolVersion: 14.1", "User-Agent: easbridge-check", NULL
};

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

/* True: there is an answer with status 200. */
static bool
answered(struct check *k, const char *what, const struct http_reply *r)
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
check_options(struct check *k, struct http_ask q, const char *url)
{
	const char *what = "phone, OPTIONS";
	struct http_reply r;

	q.method = "OPTIONS";
	q.url = arena_printf(k->a, "%s" EAS_PATH, url);
	http_ask(k->a, &q, PHONE_MS, &r);
	if (!answered(k, what, &r))
		return false;
	if (r.versions == NULL) {
		check_say(k, what, CHECK_FAIL, "Somebody else answers there, "
			  "or the proxy drops headers: see docs/proxies.md.",
			  "no MS-ASProtocolVersions in the answer");
		return false;
	}
	check_say(k, what, CHECK_OK, NULL, "ActiveSync %s at %s", r.versions,
		  q.url);
	return true;
}

static void
check_autodiscover(struct check *k, struct http_ask q, const char *url,
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
	if (!answered(k, what, &r))
		return;
	if (span_find(r.body, SPAN("<Url>")) < 0)
		check_say(k, what, CHECK_FAIL, "Somebody else answers there: "
			  "pass /autodiscover on to easbridge.",
			  "the answer names no server");
	else if (span_find(r.body, span_of(url)) < 0)
		check_say(k, what, CHECK_NOTE,
			  "Set external-url to what phones are to use.",
			  "phones are told another address than %s", url);
	else
		check_say(k, what, CHECK_OK, NULL, "phones find %s", url);
}

static struct span
folder_sync(struct arena *a)
{
	struct buf b = BUF_INIT(4096);
	struct wbxml_writer w = { 0 };
	struct span out;

	wbxml_begin(&w, &b);
	wbxml_open(&w, WX_FolderHierarchy_FolderSync);
	wbxml_text(&w, WX_FolderHierarchy_SyncKey, SPAN("0"));
	wbxml_close(&w);
	wbxml_end(&w, NULL);
	out = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return out;
}

/* The device id is that of Android's probe, of which nothing is kept. */
static void
check_folder_sync(struct check *k, struct http_ask q, const char *url)
{
	const char *what = "phone, FolderSync";
	const struct wbxml_node *changes;
	struct wbxml_node *root;
	struct err e = { .code = ERR_NONE };
	struct http_reply r;
	uint32_t n = 0;

	q.method = "POST";
	q.url = arena_printf(k->a, "%s" EAS_PATH "?Cmd=FolderSync&User=check"
			     "&DeviceId=validate&DeviceType=easbridgecheck",
			     url);
	q.headers = eas_headers;
	q.body = folder_sync(k->a);
	http_ask(k->a, &q, PHONE_MS, &r);
	if (r.trouble == HTTP_FINE && r.status == 449) {
		check_say(k, what, CHECK_OK, NULL,
			  "the phone is asked to take the policy first");
		return;
	}
	if (!answered(k, what, &r))
		return;
	if (!wbxml_read(k->a, r.body, &root, &e)) {
		check_say(k, what, CHECK_FAIL, "The proxy changes the answer: "
			  "see docs/proxies.md.", "%s", e.text);
		return;
	}
	changes = wbxml_child(root, WX_FolderHierarchy_Changes);
	wbxml_child_u32(changes, WX_FolderHierarchy_Count, &n);
	if (n > 0)
		check_say(k, what, CHECK_OK, NULL, "%u folders", n);
	else
		check_say(k, what, CHECK_FAIL,
			  "See the lines above, and the log of easbridge.",
			  "no folders, status " SPAN_FMT,
			  SPAN_ARG(wbxml_child_text(
				  root, WX_FolderHierarchy_Status)));
}

void
check_phone(struct check *k, const struct user_conf *u, const char *url,
	    const char *password)
{
	struct http_ask q = { .user = u->logins[0], .password = password };
	size_t n = strlen(url);

	while (n > 0 && url[n - 1] == '/')
		n--;
	url = arena_str(k->a, span_from(url, n));
	if (strncmp(url, "https://", 8) != 0)
		check_say(k, "phone", CHECK_NOTE, "Phones want https: let a "
			  "proxy end TLS, or set tls-cert and tls-key.",
			  "%s is not https", url);
	if (!check_options(k, q, url))
		return;
	check_autodiscover(k, q, url, u->emails[0]);
	check_folder_sync(k, q, url);
}
