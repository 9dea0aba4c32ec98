package tartfleet

import com.cloudbees.groovy.cps.NonCPS
import groovy.json.JsonOutput
import groovy.json.JsonSlurperClassic
import java.security.MessageDigest
import java.security.SecureRandom
import java.security.cert.CertificateException
import javax.net.ssl.HostnameVerifier
import javax.net.ssl.HttpsURLConnection
import javax.net.ssl.SSLContext
import javax.net.ssl.TrustManager
import javax.net.ssl.X509TrustManager

/** The control plane's REST API. Answers are plain maps, which Pipeline can save. */
class Fleet implements Serializable {
    private static final long serialVersionUID = 1L

    /** An answer that means that the same call may succeed later. */
    private static final List<Integer> PASSING = [408, 429, 500, 502, 503, 504]

    /**
     * @return status (0: nobody answered), body, why it failed (null: it did not), and whether to try again
     */
    @NonCPS
    static Map ask(String url, String token, String method, String path, Map body, Map headers) {
        HttpURLConnection connection = null
        try {
            connection = (HttpURLConnection) new URL(url.replaceAll('/+$', '') + path).openConnection()
            if (connection instanceof HttpsURLConnection && token.contains('.')) pin(connection, token)
            connection.requestMethod = method
            // The build's own thread waits meanwhile.
            connection.connectTimeout = 5_000
            connection.readTimeout = 20_000
            connection.instanceFollowRedirects = false
            connection.setRequestProperty('Authorization', 'Bearer ' + token)
            connection.setRequestProperty('Accept', 'application/json')
            headers.each { name, value -> connection.setRequestProperty(name.toString(), value.toString()) }
            if (body != null) {
                connection.doOutput = true
                connection.setRequestProperty('Content-Type', 'application/json')
                connection.outputStream.withStream { it.write(JsonOutput.toJson(body).getBytes('UTF-8')) }
            }
            int status = connection.responseCode
            String text = (status < 400 ? connection.inputStream : connection.errorStream)?.getText('UTF-8') ?: ''
            Map answer = parsed(text)
            String error = status < 300 ? null : (answer.detail ?: "HTTP ${status}").toString() + fields(answer)
            return [status: status, body: answer, error: error, again: PASSING.contains(status)]
        } catch (IOException e) {
            return [status: 0, body: [:], error: "${url}: ${e.message ?: e.class.simpleName}".toString(), again: true]
        } finally {
            connection?.disconnect()
        }
    }

    @NonCPS
    private static Map parsed(String text) {
        try {
            Object found = text ? new JsonSlurperClassic().parseText(text) : [:]
            return found instanceof Map ? (Map) found : [:]
        } catch (groovy.json.JsonException ignored) {
            return [:]
        }
    }

    @NonCPS
    private static String fields(Map answer) {
        List errors = (List) (answer.errors ?: [])
        return errors ? ': ' + errors.collect { "${it.path}: ${it.message}" }.join('; ') : ''
    }

    /**
     * A control plane that made its certificate itself is known by the pin at the end of its tokens: the key's SHA-256.
     */
    @NonCPS
    private static void pin(HttpsURLConnection connection, String token) {
        String wanted = token.substring(token.lastIndexOf('.') + 1)
        TrustManager trust = [
            checkClientTrusted: { chain, type -> throw new CertificateException('not a server') },
            checkServerTrusted: { chain, type ->
                byte[] key = MessageDigest.getInstance('SHA-256').digest(chain[0].publicKey.encoded)
                if (Base64.urlEncoder.withoutPadding().encodeToString(key) != wanted)
                    throw new CertificateException("the control plane's key is not the one that the token names")
            },
            getAcceptedIssuers: { -> new java.security.cert.X509Certificate[0] }
        ] as X509TrustManager
        SSLContext context = SSLContext.getInstance('TLS')
        context.init(null, [trust] as TrustManager[], new SecureRandom())
        connection.SSLSocketFactory = context.socketFactory
        connection.hostnameVerifier = { host, session -> true } as HostnameVerifier
    }
}
