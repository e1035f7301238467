namespace Hikyaku.MailNode.Tests.Specs;

[Trait("Rule", "RST-2")]
public sealed class Collecting_submissions
{
    private static readonly DateTimeOffset Nine = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);
    private readonly OpenSubmissions _open = new();

    [Theory]
    [InlineData("taro@example.jp/1.1", "taro@example.jp", 1)]
    [InlineData("a/b@example.jp/12.345", "a/b@example.jp", 12)]
    [InlineData("taro@example.jp", null, 0)]
    [InlineData("taro@example.jp/1", null, 0)]
    [InlineData("taro@example.jp/.1", null, 0)]
    [InlineData("taro@example.jp/-1.1", null, 0)]
    [InlineData("/1.1", null, 0)]
    [InlineData("", null, 0)]
    [InlineData(null, null, 0)]
    public void The_login_is_read_as_dovecot_names_it(string? login, string? address, int life)
        => Assert.Equal(address is null ? null : new Submitter(address, life), Submitter.Read(login));

    [Fact]
    public void Recipients_of_messages_that_come_at_the_same_time_stay_apart()
    {
        Add("1", "A@example.jp");
        Add("2", "b@example.jp");
        Add("1", "c@example.jp");
        Add("1", "a@EXAMPLE.jp");
        var first = Complete("1", recipients: 3)!;
        Assert.Equal(["a@example.jp", "c@example.jp"], first.To.Order(StringComparer.Ordinal));
        Assert.Equal(("1", 3, "taro@example.jp", Nine), (first.Id, first.Recipients, first.Address, first.At));
        Assert.Equal(["b@example.jp"], Complete("2", recipients: 1)!.To);
    }

    [Fact]
    public void One_message_is_told_once()
    {
        Add("1", "a@example.jp");
        Assert.NotNull(Complete("1"));
        Add("1", "a@example.jp");
        Assert.Null(Complete("1"));
    }

    [Fact]
    public void Of_very_many_recipients_a_thousand_are_told_and_all_are_counted()
    {
        for (var i = 0; i < 3000; i++) Add("1", $"u{i}@example.jp");
        var told = Complete("1", recipients: 3000)!;
        Assert.Equal((1000, 3000), (told.To.Count, told.Recipients));
    }

    [Fact]
    public void Messages_that_were_given_up_take_no_memory_for_ever()
    {
        for (var i = 0; i < 3 * OpenSubmissions.Most; i++) Add($"{i}", "a@example.jp", Nine.AddSeconds(i));
        Assert.InRange(_open.Count, 1, OpenSubmissions.Most);
        Assert.Equal(["a@example.jp"], Complete($"{(3 * OpenSubmissions.Most) - 1}")!.To);
        _open.Forget(Nine.AddDays(1));
        Assert.Equal(0, _open.Count);
    }

    private void Add(string instance, string recipient, DateTimeOffset? at = null) => _open.Add(Request("RCPT", instance, $"recipient={recipient}"), at ?? Nine);

    private Contracts.SubmissionObserved? Complete(string instance, int recipients = 1) => _open.Complete(Request("END-OF-MESSAGE", instance, $"recipient_count={recipients}"), Nine);

    private static SubmissionRequest Request(string state, string instance, string more)
        => SubmissionRequest.Read(["request=smtpd_access_policy", $"protocol_state={state}", $"instance={instance}", "sasl_username=taro@example.jp/1.1", more])!;
}
