/* The certificate, readable again while serving. One per process, because
 * the callback of GnuTLS carries no context. Old pairs stay until the end:
 * a handshake may still use them, and reloads are few. */
#include "gateway/http/http_private.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>

#define CHAIN_MAX 16

struct pair {
	struct pair *older;
	gnutls_pcert_st chain[CHAIN_MAX];
	unsigned n;
	gnutls_privkey_t key;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct pair *current;
static char *cert_path, *key_path;

static bool
fail(struct err *e, const char *file, int rc)
{
	return err_set(e, ERR_INVALID, SCOPE_ACCOUNT, "%s: %s", file,
		       gnutls_strerror(rc));
}

static bool
load_chain(struct pair *p, const char *file, struct err *e)
{
	gnutls_x509_crt_t crt[CHAIN_MAX];
	gnutls_datum_t pem = { 0 };
	unsigned n = CHAIN_MAX, i;
	int rc;

	rc = gnutls_load_file(file, &pem);
	if (rc < 0)
		return fail(e, file, rc);
	rc = gnutls_x509_crt_list_import(
		crt, &n, &pem, GNUTLS_X509_FMT_PEM,
		GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED);
	gnutls_free(pem.data);
	if (rc < 0)
		return fail(e, file, rc);
	rc = gnutls_pcert_import_x509_list(p->chain, crt, &n, 0);
	p->n = rc < 0 ? 0 : n;
	for (i = 0; i < n; i++)
		gnutls_x509_crt_deinit(crt[i]);
	return rc >= 0 || fail(e, file, rc);
}

static bool
load_key(struct pair *p, const char *file, struct err *e)
{
	gnutls_datum_t pem = { 0 };
	int rc;

	rc = gnutls_load_file(file, &pem);
	if (rc >= 0)
		rc = gnutls_privkey_init(&p->key);
	if (rc >= 0)
		rc = gnutls_privkey_import_x509_raw(
			p->key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
	gnutls_memset(pem.data, 0, pem.size);
	gnutls_free(pem.data);
	return rc >= 0 || fail(e, file, rc);
}

static void
pair_free(struct pair *p)
{
	unsigned i;

	for (i = 0; i < p->n; i++)
		gnutls_pcert_deinit(&p->chain[i]);
	if (p->key != NULL)
		gnutls_privkey_deinit(p->key);
	free(p);
}

/* Does the key belong to the certificate? */
static bool
matches(struct pair *p, struct err *e)
{
	unsigned char a[64], b[64];
	size_t na = sizeof(a), nb = sizeof(b);
	gnutls_pubkey_t pub;
	bool same;

	if (gnutls_pubkey_init(&pub) < 0)
		return false;
	same = gnutls_pubkey_import_privkey(pub, p->key, 0, 0) >= 0 &&
	       gnutls_pubkey_get_key_id(pub, GNUTLS_KEYID_USE_SHA256, a,
					&na) >= 0 &&
	       gnutls_pubkey_get_key_id(p->chain[0].pubkey,
					GNUTLS_KEYID_USE_SHA256, b,
					&nb) >= 0 &&
	       span_eq(span_from(a, na), span_from(b, nb));
	gnutls_pubkey_deinit(pub);
	return same || err_set(e, ERR_INVALID, SCOPE_ACCOUNT,
			       "%s does not belong to %s", key_path,
			       cert_path);
}

bool
tls_reload(struct err *e)
{
	struct pair *p = xcalloc(1, sizeof(*p));

	if (!load_chain(p, cert_path, e) || !load_key(p, key_path, e) ||
	    !matches(p, e)) {
		pair_free(p);
		return false;
	}
	pthread_mutex_lock(&lock);
	p->older = current;
	current = p;
	pthread_mutex_unlock(&lock);
	return true;
}

bool
tls_load(const char *cert_file, const char *key_file, struct err *e)
{
	tls_free();
	cert_path = xstrdup(cert_file);
	key_path = xstrdup(key_file);
	if (tls_reload(e))
		return true;
	tls_free();
	return false;
}

static int
retrieve(gnutls_session_t session, const gnutls_datum_t *req_ca_dn,
	 int nreqs, const gnutls_pk_algorithm_t *algos, int n_algos,
	 gnutls_pcert_st **pcert, unsigned *n, gnutls_privkey_t *key)
{
	(void)session;
	(void)req_ca_dn;
	(void)nreqs;
	(void)algos;
	(void)n_algos;
	pthread_mutex_lock(&lock);
	*pcert = current->chain;
	*n = current->n;
	*key = current->key;
	pthread_mutex_unlock(&lock);
	return 0;
}

void *
tls_callback(void)
{
	gnutls_certificate_retrieve_function2 *fn = retrieve;
	union {
		gnutls_certificate_retrieve_function2 *fn;
		void *p;
	} u = { .fn = fn };

	return u.p;
}

void
tls_free(void)
{
	struct pair *p, *older;

	for (p = current; p != NULL; p = older) {
		older = p->older;
		pair_free(p);
	}
	current = NULL;
	free(cert_path);
	free(key_path);
	cert_path = key_path = NULL;
}
