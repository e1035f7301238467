using System.Globalization;

namespace Hikyaku.MailNode.Tests.Specs;

public class Names_in_the_queue
{
    // Made by a Postfix, which has logged the same second beside it.
    [Fact, Trait("Rule", "ACC-5")]
    public void A_long_name_tells_when_it_was_made()
        => Assert.Equal(DateTimeOffset.Parse("2026-11-27T07:10:24.738639Z", CultureInfo.InvariantCulture), QueueId.Begun("4jbPh05F8bz1k96s"));

    [Theory, Trait("Rule", "ACC-5")]
    [InlineData("")]
    [InlineData("3F2A1C0B")] // a short one
    [InlineData("123456.4711")] // before it has its name
    [InlineData("left-behind")]
    [InlineData("4aaaaaaaaaz1")] // no vowels
    [InlineData("zzzzzzzzzzzzzzzzz")]
    public void What_is_no_long_name_tells_nothing(string name) => Assert.Null(QueueId.Begun(name));
}
