namespace Hikyaku.MailNode.Tests.Specs;

[Trait("Rule", "RST-2")]
public sealed class Reading_imap_ids
{
    [Theory]
    [InlineData("name Thunderbird", "Thunderbird")]
    [InlineData("(\"name\" \"Thunderbird\" \"version\" \"115.3\")", "Thunderbird 115.3")]
    [InlineData("\"VERSION\" \"2\" \"Name\" \"Outlook \\\"x\\\"\"", "Outlook \"x\" 2")]
    [InlineData("(\"name\" NIL \"version\" \"2\")", null)]
    [InlineData("(\"name\" \"\u0001\")", null)]
    [InlineData("(\"name\" \"name\")", "name")]
    [InlineData("(\"name\" \"a", "a")]
    [InlineData("(\"name\"", null)]
    [InlineData("NIL", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void A_program_is_called_by_its_imap_id(string? list, string? program) => Assert.Equal(program, ImapId.ProgramOf(list));

    [Fact]
    public void A_long_name_of_a_program_is_cut_between_characters()
        => Assert.Equal(new string('x', 99), ImapId.ProgramOf($"\"name\" \"{new string('x', 99)}\U0001F4E8{new string('x', 50)}\""));
}
