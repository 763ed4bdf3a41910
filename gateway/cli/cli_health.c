/* easbridge health: one question over HTTP, for containers and monitors. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/cli/check_http.h"
#include "gateway/cli/cli_config.h"

#define PATIENCE_MS 10000

/* Where this machine reaches the address; "0.0.0.0:8080", "[::]:8080" and
 * ":8080" are all addresses of it. NULL: the port is not known. */
static const char *
local_url(struct arena *a, const char *listen, bool tls)
{
	const char *port = strrchr(listen, ':');
	struct span host = span_from(listen, (size_t)(port - listen));

	if (atoi(port + 1) == 0)
		return NULL;
	if (host.n == 0 || span_eq(host, SPAN("0.0.0.0")))
		host = SPAN("127.0.0.1");
	else if (span_eq(host, SPAN("[::]")))
		host = SPAN("[::1]");
	return arena_printf(a, "%s://%.*s%s/healthz", tls ? "https" : "http",
			    (int)host.n, host.p, port);
}

static int
say(const struct cli *c, const char *url, const char *word, int rc)
{
	json_t *o;

	if (!c->json) {
		printf("%s: %s\n", url, word);
		return rc;
	}
	o = json_pack("{sbssss}", "ok", rc == CLI_OK, "url", url, "text", word);
	json_dumpf(o, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(o);
	return rc;
}

static int
ask(const struct cli *c, struct arena *a, const char *url)
{
	struct http_ask q = { .method = "GET", .url = url, .any_cert = true };
	struct http_reply r;

	http_ask(a, &q, PATIENCE_MS, &r);
	if (r.trouble != HTTP_FINE)
		return say(c, url, r.text, CLI_NOT_RUNNING);
	if (r.status != 200 && r.status != 503)
		return say(c, url, "something else answers there", CLI_FAILED);
	return say(c, url, arena_str(a, span_trim(r.body)),
		   r.status == 200 ? CLI_OK : CLI_FAILED);
}

int
cli_health(const struct cli *c)
{
	struct config *conf = cli_config_quiet(c);
	struct arena *a;
	const char *url;
	int rc;

	if (conf == NULL)
		return CLI_USAGE;
	a = arena_new();
	url = conf->metrics_listen != NULL
		      ? local_url(a, conf->metrics_listen, false)
		      : local_url(a, conf->listen, conf->tls_cert != NULL);
	if (c->url != NULL)
		url = arena_printf(a, "%s/healthz", c->url);
	if (url != NULL)
		rc = ask(c, a, url);
	else
		rc = cli_fail(CLI_USAGE, "port 0 is any port: say --url "
					 "http://127.0.0.1:PORT");
	arena_free(&a);
	config_put(&conf);
	return rc;
}
