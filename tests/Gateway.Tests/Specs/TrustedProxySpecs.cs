using Hikyaku.Platform;

namespace Hikyaku.Gateway.Tests.Specs;

[Trait("Rule", "RST-3")]
public sealed class TrustedProxySpecs
{
    [Theory]
    [InlineData(null, "")]
    [InlineData("", "")]
    [InlineData("192.0.2.1", "192.0.2.1/32")]
    [InlineData(" 192.0.2.1 , 10.0.0.0/8,", "192.0.2.1/32 10.0.0.0/8")]
    [InlineData("2001:db8::1,fd00::/8", "2001:db8::1/128 fd00::/8")]
    [InlineData("10.1.2.3/8", "10.0.0.0/8")]
    public void Addresses_and_networks_are_read(string? setting, string expected)
        => Assert.Equal(expected, string.Join(' ', TrustedProxies.Read(setting)));

    [Theory]
    [InlineData("proxy.example.jp")]
    [InlineData("192.0.2.1:80")]
    [InlineData("192.0.2")]
    [InlineData("10")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/")]
    [InlineData("192.0.2.1 192.0.2.2")]
    [InlineData("*")]
    public void Anything_else_is_an_error_that_names_it(string setting)
        => Assert.Contains($"'{setting}'", Assert.Throws<InvalidOperationException>(() => TrustedProxies.Read(setting)).Message, StringComparison.Ordinal);

    // The first four are RFC 7239's own examples.
    [Theory]
    [InlineData("for=\"_gazonk\"", "_gazonk,unknown")]
    [InlineData("For=\"[2001:db8:cafe::17]:4711\"", "[2001:db8:cafe::17]:4711,unknown")]
    [InlineData("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60,http")]
    [InlineData("for=192.0.2.43, for=198.51.100.17", "192.0.2.43,unknown 198.51.100.17,unknown")]
    [InlineData("proto=https;for=192.0.2.60:8080 , by=_x", "192.0.2.60:8080,https unknown,unknown")]
    [InlineData("for=\"a\\\"b,c;d\";host=\"x\"", "a\"b,c;d,unknown")]
    public void A_Forwarded_header_is_read(string text, string expected)
        => Assert.Equal(expected, string.Join(' ', ForwardedHeader.Read(text)!.Select(e => $"{e.For},{e.Proto}")));

    [Theory]
    [InlineData("")]
    [InlineData("192.0.2.60")]
    [InlineData("for=")]
    [InlineData("for=\"192.0.2.60")]
    [InlineData("for = 192.0.2.60")]
    [InlineData("for=192.0.2.60;for=192.0.2.61")]
    [InlineData("for=192.0.2.60;")]
    [InlineData("for=192.0.2.60,,for=192.0.2.61")]
    [InlineData("for=192.0.2.60 for=192.0.2.61")]
    public void One_that_breaks_the_grammar_is_not_read(string text) => Assert.Null(ForwardedHeader.Read(text));
}
