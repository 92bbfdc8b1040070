package dev.residual.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.residual.ResidualException;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EnvironmentProxyTest {
    private static final URI ADDRESS = URI.create("https://data.example.org/cifar.tar.gz");

    private static String proxy(Map<String, String> environment) {
        return new EnvironmentProxy(environment).select(ADDRESS).get(0).toString();
    }

    @Test
    void asCurlReadsThem() {
        assertThat(proxy(Map.of())).isEqualTo("DIRECT");
        assertThat(proxy(Map.of("HTTP_PROXY", "http://p:1"))).isEqualTo("DIRECT");
        assertThat(proxy(Map.of("HTTPS_PROXY", "http://p.invalid:3128")))
                .contains("HTTP @ p.invalid")
                .contains(":3128");
        assertThat(proxy(Map.of("https_proxy", "p.invalid:3128", "HTTPS_PROXY", "http://q")))
                .contains("p.invalid");
        for (String exception :
                new String[] {"*", "a.org,.example.org", "example.org", "data.example.org", "*.example.org"}) {
            assertThat(proxy(Map.of("HTTPS_PROXY", "http://p.invalid:1", "NO_PROXY", exception)))
                    .isEqualTo("DIRECT");
        }
        assertThat(proxy(Map.of("HTTPS_PROXY", "http://p.invalid:1", "NO_PROXY", "ample.org")))
                .contains("p.invalid");
    }

    @Test
    void whatIsNoProxyIsNamed() {
        assertThatThrownBy(() -> proxy(Map.of("HTTPS_PROXY", "socks5://p:1")))
                .isInstanceOf(ResidualException.class)
                .hasMessage("the proxy socks5://p:1: expected http://HOST:PORT in HTTPS_PROXY");
    }

    @Test
    void aPasswordIsRefusedAndNotShown() {
        for (String proxy :
                new String[] {"http://me:secret@p:1", "socks5://me:secret@p:1", "me:secret@p:1", "http://me:se cret@p"
                }) {
            assertThatThrownBy(() -> proxy(Map.of("HTTPS_PROXY", proxy)))
                    .isInstanceOf(ResidualException.class)
                    .hasMessageContaining("expected http://HOST:PORT")
                    .hasMessageNotContaining("cret");
        }
    }
}
