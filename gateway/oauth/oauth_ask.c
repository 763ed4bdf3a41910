#include "gateway/oauth/oauth_ask_private.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/codec.h"

#define ANSWER_MAX (256 * 1024)
#define ASK_MS 20000

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
start_curl(void)
{
	curl_global_init(CURL_GLOBAL_ALL);
}

static size_t
take_body(char *p, size_t size, size_t n, void *ctx)
{
	struct buf *b = ctx;

	buf_put(b, p, size * n);
	return b->full ? 0 : size * n;
}

static size_t
take_header(char *p, size_t size, size_t n, void *ctx)
{
	struct oauth_answer *out = ctx;
	struct span line = span_from(p, size * n), name;
	char date[64];
	time_t t;

	name = span_take_until(&line, ':');
	if (span_eq_ci(name, SPAN("Date"))) {
		snprintf(date, sizeof(date), SPAN_FMT,
			 SPAN_ARG(span_trim(line)));
		t = curl_getdate(date, NULL);
		if (t > 0)
			out->clock_off = (int64_t)t - clock_wall();
	}
	return size * n;
}

/* ---- the question ----------------------------------------------------------*/

static void
put_field(struct arena *a, struct buf *b, const char *name,
	  const char *value)
{
	struct span v = percent_encode(a, span_of(value));

	buf_printf(b, "%s%s=" SPAN_FMT, b->n > 0 ? "&" : "", name,
		   SPAN_ARG(v));
}

static void
set_request(CURL *h, const struct oauth_conf *o, const char *url,
	    int64_t deadline_ms)
{
	int64_t left = deadline_ms - clock_mono_ms();

	if (left > ASK_MS)
		left = ASK_MS;
	curl_easy_setopt(h, CURLOPT_URL, url);
	curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR,
			 strncmp(url, "https://", 8) == 0 ? "https" : "http");
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, left > 1 ? (long)left : 1L);
	curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, 8000L);
	curl_easy_setopt(h, CURLOPT_USERAGENT, "easbridge");
	if (o->client.ca_file != NULL)
		curl_easy_setopt(h, CURLOPT_CAINFO, o->client.ca_file);
}

/* ---- the answer ------------------------------------------------------------*/

static const char *
text_in(const json_t *doc, const char *key)
{
	const char *s = json_string_value(json_object_get(doc, key));

	return s != NULL ? s : "";
}

static void
judge_transport(CURLcode rc, CURL *h, struct oauth_answer *out)
{
	long sent = 0;

	curl_easy_getinfo(h, CURLINFO_REQUEST_SIZE, &sent);
	out->verdict = ASK_LATER;
	out->sent = sent > 0;
	snprintf(out->text, sizeof(out->text), "%s%s", curl_easy_strerror(rc),
		 rc == CURLE_PEER_FAILED_VERIFICATION
			 ? " (is this machine's clock right?)" : "");
}

static void
judge_status(long status, struct span body, struct oauth_answer *out)
{
	json_t *doc = json_loadb(body.p != NULL ? body.p : "", body.n, 0,
				 NULL);
	const char *error = text_in(doc, "error");

	out->sent = true;
	if (status == 200 && (json_is_object(doc) || body.n == 0)) {
		out->verdict = ASK_OK;
		out->doc = doc;
		return;
	}
	if (status >= 500 || status == 429 || status == 408) {
		out->verdict = ASK_LATER;
		snprintf(out->text, sizeof(out->text),
			 "the provider answers %ld", status);
	} else if (status >= 400 && error[0] != '\0') {
		out->verdict = ASK_REFUSED;
		snprintf(out->error, sizeof(out->error), "%s", error);
		snprintf(out->text, sizeof(out->text), "%s",
			 text_in(doc, "error_description"));
	} else {
		out->verdict = ASK_ODD;
		snprintf(out->text, sizeof(out->text),
			 "the answer (%ld) is none of a token endpoint",
			 status);
	}
	json_decref(doc);
}

static void
ask_once(const struct oauth_conf *o, const char *url, const char *form,
	 const char *header, int64_t deadline_ms, struct oauth_answer *out)
{
	struct curl_slist *headers =
		curl_slist_append(NULL, "Accept: application/json");
	struct buf body = BUF_INIT(ANSWER_MAX);
	CURL *h = curl_easy_init();
	long status = 0;
	CURLcode rc;

	*out = (struct oauth_answer){ .verdict = ASK_LATER };
	if (header != NULL)
		headers = curl_slist_append(headers, header);
	set_request(h, o, url, deadline_ms);
	curl_easy_setopt(h, CURLOPT_POSTFIELDS, form);
	curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, &body);
	curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(h, CURLOPT_HEADERDATA, out);
	rc = curl_easy_perform(h);
	curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
	if (rc != CURLE_OK)
		judge_transport(rc, h, out);
	else
		judge_status(status, buf_view(&body), out);
	if (body.n > 0)
		explicit_bzero(body.p, body.n);
	buf_free(&body);
	curl_easy_cleanup(h);
	curl_slist_free_all(headers);
}

/* ---- both ------------------------------------------------------------------*/

static const char *
basic_header(struct arena *a, const struct oauth_client *c,
	     const char *secret)
{
	struct span pair = span_of(arena_printf(
		a, SPAN_FMT ":" SPAN_FMT,
		SPAN_ARG(percent_encode(a, span_of(c->client_id))),
		SPAN_ARG(percent_encode(a, span_of(secret)))));

	return arena_printf(a, "Authorization: Basic " SPAN_FMT,
			    SPAN_ARG(base64_encode(a, pair)));
}

static const char *
form_of(struct arena *a, const struct oauth_conf *o,
	const char *const *fields, const char *secret)
{
	struct buf b = BUF_INIT(64 * 1024);
	const char *out;

	put_field(a, &b, "client_id", o->client.client_id);
	if (secret != NULL)
		put_field(a, &b, "client_secret", secret);
	for (; *fields != NULL; fields += 2)
		put_field(a, &b, fields[0], fields[1]);
	out = arena_str(a, buf_view(&b));
	explicit_bzero(b.p, b.n);
	buf_free(&b);
	return out;
}

void
oauth_ask(const struct oauth_conf *o, const char *url,
	  const char *const *fields, int64_t deadline_ms,
	  struct oauth_answer *out)
{
	struct arena *a = arena_new();
	char secret[1024] = "";
	bool has = o->client.client_secret.kind != SECRET_NONE;
	struct err e = { .code = ERR_NONE };

	pthread_once(&once, start_curl);
	*out = (struct oauth_answer){ .verdict = ASK_LATER };
	if (has && !secret_get(&o->client.client_secret, secret,
			       sizeof(secret), &e)) {
		snprintf(out->text, sizeof(out->text), "client-secret: %s",
			 e.text);
	} else {
		ask_once(o, url, form_of(a, o, fields, has ? secret : NULL),
			 NULL, deadline_ms, out);
		if (has && out->verdict == ASK_REFUSED &&
		    strcmp(out->error, "invalid_client") == 0)
			ask_once(o, url, form_of(a, o, fields, NULL),
				 basic_header(a, &o->client, secret),
				 deadline_ms, out);
	}
	explicit_bzero(secret, sizeof(secret));
	arena_free(&a);
}
