using System.Text;

namespace Hikyaku.MailNode.Tests.Specs;

public sealed class Reading_queue_files
{
    // As Postfix 3.7 writes one: size, time, attributes, sender, two recipients, the message.
    private static readonly byte[] File =
    [
        .. Record('C', "            342             682               2               0             342               0"), .. Record('T', "1795929024 738639"),
        .. Record('A', "rewrite_context=remote"), .. Record('S', "stranger@outside.test"), .. Record('O', "Taro+shop@example.jp"), .. Record('R', "Taro+shop@example.jp"),
        .. Record('R', $"{new string('x', 200)}@example.jp"), .. Record('M', ""), .. Record('N', "To: hanako@example.jp"),
    ];

    [Fact, Trait("Rule", "ACC-5")]
    public void The_envelope_is_known_when_the_message_begins()
    {
        var envelope = Read(File);
        Assert.True(envelope.IsWhole);
        Assert.Equal(["stranger@outside.test", "taro@example.jp", $"{new string('x', 200)}@example.jp"], envelope.Addresses.Select(a => a.ToLowerInvariant()));
        Assert.Contains("taro@example.jp", envelope.Addresses);
    }

    [Fact, Trait("Rule", "ACC-5")]
    public void However_much_of_a_file_is_there_it_is_read_as_far()
    {
        var message = Array.LastIndexOf(File, (byte)'M', File.Length - "To: hanako@example.jp".Length - 3);
        for (var length = 0; length < File.Length; length++)
        {
            var envelope = Read(File[..length]);
            Assert.Equal(length > message, envelope.IsWhole);
            Assert.True(new UnfinishedMessage("4jbPh05F8bz1k96s", default, envelope).MayConcern("taro@example.jp"));
            Assert.Equal(length <= message, new UnfinishedMessage("4jbPh05F8bz1k96s", default, envelope).MayConcern("hanako@example.jp"));
        }
    }

    [Fact, Trait("Rule", "ACC-5")]
    public void Taking_a_recipient_out_changes_the_letter_of_its_record_and_nothing_else()
    {
        using var file = new MemoryStream([.. File]);
        QueueFile.TakeOut(file, address => address == "taro@example.jp");
        var (changed, at) = (file.ToArray(), File.AsSpan().IndexOf(Record('R', "Taro+shop@example.jp")));
        Assert.Equal((byte)'D', changed[at]);
        changed[at] = (byte)'R';
        Assert.Equal(File, changed);
    }

    [Fact, Trait("Rule", "ACC-5")]
    public void Taking_somebody_out_who_is_no_recipient_changes_nothing()
    {
        using var file = new MemoryStream([.. File]);
        QueueFile.TakeOut(file, address => address is "stranger@outside.test" or "hanako@example.jp");
        Assert.Equal(File, file.ToArray());
    }

    [Theory, Trait("Rule", "ACC-5")]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Something_else_is_no_envelope(int seed)
    {
        var bytes = new byte[5000];
        new Random(seed).NextBytes(bytes);
        Assert.False(Read([(byte)'S', 255, 255, 255, 255, 255, .. bytes]).IsWhole);
    }

    [Theory, Trait("Rule", "ACC-3")]
    [InlineData("taro+shop@example.jp", "taro@example.jp")]
    [InlineData("taro+a+b@example.jp", "taro@example.jp")]
    [InlineData("taro+@example.jp", "taro@example.jp")]
    [InlineData("taro@example.jp", "taro@example.jp")]
    [InlineData("+shop@example.jp", "+shop@example.jp")]
    [InlineData("taro", "taro")]
    [InlineData("", "")]
    public void What_follows_a_plus_belongs_to_no_account(string address, string account) => Assert.Equal(account, PlusAddress.Without(address));

    private static QueueFile.Envelope Read(byte[] file)
    {
        using var stream = new MemoryStream(file);
        return QueueFile.ReadEnvelope(stream);
    }

    private static byte[] Record(char type, string text)
    {
        byte[] length = text.Length < 128 ? [(byte)text.Length] : [(byte)(128 | (text.Length & 127)), (byte)(text.Length >> 7)];
        return [(byte)type, .. length, .. Encoding.Latin1.GetBytes(text)];
    }
}
