#include "backends/smtp.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/arena.h"
#include "base/clock.h"

struct sending {
	const struct smtp_mail *mail;
	struct span rest;
	bool asked;   /* before_last was called: the outcome is open */
	bool stopped; /* ... and it said no */
	char rcpt[128];  /* last address named to the server */
	char reply[200]; /* last line from the server */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
start_curl(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static size_t
give_bytes(char *p, size_t size, size_t n, void *ctx)
{
	struct sending *s = ctx;
	struct span now = span_first(s->rest, size * n);

	if (!now.n)
		return 0;
	if (now.n == s->rest.n && !s->asked) {
		s->asked = true;
		if (s->mail->before_last &&
		    !s->mail->before_last(s->mail->ctx)) {
			s->stopped = true;
			return CURL_READFUNC_ABORT;
		}
	}
	memcpy(p, now.p, now.n);
	s->rest = span_from_at(s->rest, now.n);
	return now.n;
}

static void
keep_text(char *to, size_t room, struct span s)
{
	s = span_first(span_trim(s), room - 1);
	while (s.n && (s.p[s.n - 1] == '\r' || s.p[s.n - 1] == '\n'))
		s.n--;
	memcpy(to, s.p ? s.p : "", s.n);
	to[s.n] = '\0';
}

/* Listens to the dialogue: which address was refused, and why. */
static int
listen_in(CURL *h, curl_infotype type, char *p, size_t n, void *ctx)
{
	struct sending *s = ctx;
	struct span line = span_from(p, n);

	(void)h;
	/* A refusal stays: the answer to QUIT says nothing about it. */
	if (type == CURLINFO_HEADER_IN && s->reply[0] != '4' &&
	    s->reply[0] != '5')
		keep_text(s->reply, sizeof(s->reply), line);
	else if (type == CURLINFO_HEADER_OUT &&
		 span_starts_ci(line, SPAN("RCPT TO:")))
		keep_text(s->rcpt, sizeof(s->rcpt), span_from_at(line, 8));
	return 0;
}

static bool
has_ctl(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x21 || *s == 0x7F || *s == '<' ||
		    *s == '>')
			return true;
	return false;
}

static bool
addresses_ok(const struct smtp_mail *m, struct err *e)
{
	size_t i;

	if (!m->n_to || has_ctl(m->from))
		return err_set(e, ERR_INVALID, SCOPE_ITEM, "envelope");
	for (i = 0; i < m->n_to; i++)
		if (!*m->to[i] || has_ctl(m->to[i]))
			return err_set(e, ERR_INVALID, SCOPE_ITEM,
				       "recipient %zu", i + 1);
	return true;
}

static void
set_url(CURL *h, const struct source_conf *conf, struct arena *a)
{
	char name[128] = "localhost";
	bool v6 = strchr(conf->smtp.host, ':') != NULL;

	gethostname(name, sizeof(name) - 1);
	if (!*name || strpbrk(name, "/?#% "))
		snprintf(name, sizeof(name), "localhost");
	curl_easy_setopt(h, CURLOPT_URL,
			 arena_printf(a, "%s://%s%s%s:%u/%s",
				      conf->smtp.tls == TLS_IMPLICIT ? "smtps"
								     : "smtp",
				      v6 ? "[" : "", conf->smtp.host,
				      v6 ? "]" : "", conf->smtp.port, name));
}

static void
set_security(CURL *h, const struct source_conf *conf,
	     const struct login *login)
{
	curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(h, CURLOPT_USE_SSL,
			 conf->smtp.tls == TLS_NONE ? (long)CURLUSESSL_NONE
						    : (long)CURLUSESSL_ALL);
	curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, conf->verify ? 1L : 0L);
	curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, conf->verify ? 2L : 0L);
	if (conf->ca_file)
		curl_easy_setopt(h, CURLOPT_CAINFO, conf->ca_file);
	if (!login)
		return;
	curl_easy_setopt(h, CURLOPT_USERNAME,
			 conf->smtp_username ? conf->smtp_username :
			 conf->username ? conf->username : login->user);
	curl_easy_setopt(h, CURLOPT_SASL_IR, 1L);
	if (login->kind != LOGIN_BEARER) {
		curl_easy_setopt(h, CURLOPT_PASSWORD, login->password);
		return;
	}
	/* Nothing else is tried with it, whatever a version of libcurl makes
	 * of a login without a password. */
	curl_easy_setopt(h, CURLOPT_XOAUTH2_BEARER, login->password);
	curl_easy_setopt(h, CURLOPT_LOGIN_OPTIONS,
			 "AUTH=OAUTHBEARER;AUTH=XOAUTH2");
}

static bool
judge_code(const struct sending *s, long code, CURLcode r, struct err *e)
{
	enum err_code what = ERR_DENIED;

	if (code < 500)
		what = ERR_UNAVAILABLE;
	if (code == 552 || strstr(s->reply, "5.3.4") ||
	    strstr(s->reply, "5.2.3"))
		what = ERR_TOO_BIG;
	if (code == 452 || strstr(s->reply, "5.2.2") ||
	    strstr(s->reply, "4.2.2"))
		what = ERR_QUOTA;
	if (code >= 500 && code <= 504)
		what = ERR_INVALID;
	return err_set(e, what, SCOPE_ITEM, "SMTP%s%s: %s (%s)",
		       s->rcpt[0] && !s->asked ? " at " : "",
		       s->asked ? "" : s->rcpt, s->reply,
		       curl_easy_strerror(r));
}

static bool
judge(const struct sending *s, CURLcode r, long code, bool *in_doubt,
      struct err *e)
{
	*in_doubt = false;
	if (s->stopped)
		return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			       "SMTP: stopped before the end");
	if (r == CURLE_LOGIN_DENIED)
		return err_set(e, code >= 400 && code < 500 ? ERR_UNAVAILABLE
							    : ERR_DENIED,
			       SCOPE_ACCOUNT, "SMTP login: %s", s->reply);
	if (s->asked && code < 400) {
		*in_doubt = true;
		return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT,
			       "SMTP: no answer after the mail: %s",
			       curl_easy_strerror(r));
	}
	if (code >= 400 && (r == CURLE_SEND_ERROR ||
			    r == CURLE_WEIRD_SERVER_REPLY ||
			    r == CURLE_RECV_ERROR))
		return judge_code(s, code, r, e);
	return err_set(e, ERR_UNAVAILABLE, SCOPE_ACCOUNT, "SMTP: %s",
		       curl_easy_strerror(r));
}

bool
smtp_send(const struct source_conf *conf, const struct login *login,
	  const struct smtp_mail *mail, int64_t deadline_ms, bool *in_doubt,
	  struct err *e)
{
	struct sending s = { .mail = mail, .rest = mail->message };
	int64_t left = deadline_ms - clock_mono_ms();
	struct curl_slist *to = NULL;
	struct arena *a;
	CURLcode r;
	CURL *h;
	long code = 0;
	size_t i;

	*in_doubt = false;
	if (!conf->smtp.host)
		return err_set(e, ERR_UNSUPPORTED, SCOPE_ACCOUNT,
			       "no submission server configured");
	if (!mail->message.n || !addresses_ok(mail, e))
		return err_set(e, ERR_INVALID, SCOPE_ITEM, "empty mail");
	pthread_once(&once, start_curl);
	a = arena_new();
	h = curl_easy_init();
	for (i = 0; i < mail->n_to; i++)
		to = curl_slist_append(to, mail->to[i]);
	set_url(h, conf, a);
	set_security(h, conf, login);
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, left > 1 ? (long)left : 1L);
	curl_easy_setopt(h, CURLOPT_MAIL_FROM, mail->from);
	curl_easy_setopt(h, CURLOPT_MAIL_RCPT, to);
	curl_easy_setopt(h, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(h, CURLOPT_READFUNCTION, give_bytes);
	curl_easy_setopt(h, CURLOPT_READDATA, &s);
	curl_easy_setopt(h, CURLOPT_INFILESIZE_LARGE,
			 (curl_off_t)mail->message.n);
	curl_easy_setopt(h, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(h, CURLOPT_DEBUGFUNCTION, listen_in);
	curl_easy_setopt(h, CURLOPT_DEBUGDATA, &s);
	r = curl_easy_perform(h);
	curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &code);
	curl_easy_cleanup(h);
	curl_slist_free_all(to);
	arena_free(&a);
	return r == CURLE_OK || judge(&s, r, code, in_doubt, e);
}

bool
smtp_check(const struct source_conf *conf, const struct login *login,
	   const char *from, int64_t deadline_ms, struct err *e)
{
	struct smtp_mail none = { .from = from };
	struct sending s = { .mail = &none };
	int64_t left = deadline_ms - clock_mono_ms();
	struct arena *a;
	bool in_doubt;
	CURLcode r;
	CURL *h;
	long code = 0;

	if (has_ctl(from))
		return err_set(e, ERR_INVALID, SCOPE_ITEM, "sender");
	pthread_once(&once, start_curl);
	a = arena_new();
	h = curl_easy_init();
	set_url(h, conf, a);
	set_security(h, conf, login);
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, left > 1 ? (long)left : 1L);
	/* libcurl has no word for a try; one command of ours and QUIT. */
	curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST,
			 arena_printf(a, "MAIL FROM:<%s>", from));
	curl_easy_setopt(h, CURLOPT_NOBODY, 1L);
	curl_easy_setopt(h, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(h, CURLOPT_DEBUGFUNCTION, listen_in);
	curl_easy_setopt(h, CURLOPT_DEBUGDATA, &s);
	r = curl_easy_perform(h);
	curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &code);
	curl_easy_cleanup(h);
	arena_free(&a);
	return r == CURLE_OK || judge(&s, r, code, &in_doubt, e);
}
