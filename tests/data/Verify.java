// Real TLS connections to itself: for each line "root chain key name" whether Java accepts the server.
// Prints one line each: empty for yes, the reason for no.

import java.io.*;
import java.net.*;
import java.nio.file.*;
import java.security.*;
import java.security.cert.*;
import java.security.cert.Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.*;
import javax.net.ssl.*;

public class Verify {
    public static void main(String[] words) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = lines.readLine()) != null; ) {
            String[] parts = line.split("\t");
            System.out.println(check(parts[0], parts[1], parts[2], parts[3]));
        }
    }

    static String check(String root, String chain, String key, String name) throws Exception {
        SSLContext server = SSLContext.getInstance("TLS");
        KeyStore own = empty();
        own.setKeyEntry("own", key(key), new char[0], certificates(chain).toArray(new Certificate[0]));
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(own, new char[0]);
        server.init(keys.getKeyManagers(), null, null);

        SSLContext client = SSLContext.getInstance("TLS");
        KeyStore trusted = empty();
        trusted.setCertificateEntry("root", certificates(root).get(0));
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(trusted);
        client.init(null, trust.getTrustManagers(), null);

        InetAddress here = InetAddress.getLoopbackAddress();
        try (ServerSocket listener = server.getServerSocketFactory().createServerSocket(0, 1, here)) {
            Thread serving = new Thread(() -> {
                try (Socket socket = listener.accept()) {
                    socket.getInputStream().read();
                } catch (IOException refused) {
                    // the client says why
                }
            });
            serving.start();
            Socket plain = new Socket(here, listener.getLocalPort());
            try (SSLSocket socket = (SSLSocket) client.getSocketFactory()
                    .createSocket(plain, name, listener.getLocalPort(), true)) {
                SSLParameters parameters = socket.getSSLParameters();
                parameters.setEndpointIdentificationAlgorithm("HTTPS");
                socket.setSSLParameters(parameters);
                socket.startHandshake();
                return "";
            } catch (SSLException refused) {
                Throwable cause = refused;
                while (cause.getCause() != null) {
                    cause = cause.getCause();
                }
                return (cause.getClass().getSimpleName() + ": " + cause.getMessage()).replace('\n', ' ');
            } finally {
                serving.join();
            }
        }
    }

    static KeyStore empty() throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    static List<Certificate> certificates(String path) throws Exception {
        try (InputStream file = Files.newInputStream(Paths.get(path))) {
            return new ArrayList<>(CertificateFactory.getInstance("X.509").generateCertificates(file));
        }
    }

    static PrivateKey key(String path) throws Exception {
        String text = Files.readString(Paths.get(path)).replaceAll("-----[A-Z ]+-----|\\s", "");
        return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text)));
    }
}
