using System.Net;
using Xunit;

namespace Hikyaku.Platform.Tests.Specs;

[Trait("Rule", "RST-3")]
public class ClientNetworkSpecs
{
    [Theory]
    [InlineData("192.0.2.7", "192.0.2.0/24")]
    [InlineData("::ffff:192.0.2.7", "192.0.2.0/24")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")]
    [InlineData("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64")]
    [InlineData("::1", "::/64")]
    public void A_network_is_24_bits_of_IPv4_and_64_of_IPv6(string address, string network)
        => Assert.Equal(network, ClientNetwork.Of(IPAddress.Parse(address)));
}
