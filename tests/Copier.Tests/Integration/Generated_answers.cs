using CsCheck;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Copier.Tests.Integration;

public class Generated_answers
{
    private static readonly int Sessions = Campaign.Size("answers", everyDay: 200);

    private static readonly string[] Words =
    [
        "(", ")", "\"", "\\", "\r\n", "\n", " ", "{5}\r\n", "{999999999}\r\n", "{-1}\r\n", "{99999999999999999999}\r\n", "NIL", "-1", "0", "4294967296", "99999999999999999999",
        "* BYE\r\n", "* 9999 EXISTS\r\n", "* 1 EXPUNGE\r\n", "* VANISHED 1:*\r\n", "* OK [ALERT] x\r\n", "* OK [UIDVALIDITY 0]\r\n", "+ go on\r\n", "[", "]", "UID", "BODY[]", "\0", "\u00ff", "((((((((((((((((",
    ];

    private static readonly CopySettings Settings = new()
    {
        ConnectWithin = TimeSpan.FromSeconds(5),
        SilenceWithin = TimeSpan.FromMilliseconds(40),
        AnswerWithin = TimeSpan.FromSeconds(5),
    };

    [Fact, Trait("Rule", "SEC-6"), Trait("Size", "answers")]
    public async Task Whatever_a_source_answers_ends_in_a_result_or_a_reason()
    {
        var chance = new PCG(1, (ulong)Campaign.Seed);
        await using var source = new ScriptedSource { Messages = ["Subject: a\r\n\r\na\r\n", "Subject: b\r\n\r\nb\r\n", "Subject: c\r\n\r\nc\r\n"], Folders = ["() \"/\" INBOX", "(\\HasNoChildren) \"/\" \"Box\""] };
        var (whole, faults) = (0, new List<string>());
        for (var session = 0; session < Sessions; session++)
        {
            var last = "";
            source.Change = answer => last = Changed(answer, chance);
            try
            {
                await ReadAsync(source);
                whole++;
            }
            catch (CopyFailedException)
            {
                continue; // a reason
            }
            catch (Exception e)
            {
                faults.Add($"Seed {Campaign.Seed}, session {session}: {e.GetType().Name}: {e.Message} after {last}");
            }
        }

        Assert.Empty(faults);
        Assert.InRange(whole, 1, Sessions - 1);
    }

    private static async Task ReadAsync(ScriptedSource source)
    {
        using var session = await new SourceConnector(new NetworkGuard("127.0.0.0/8"), Settings).OpenAsync(source.AsSource(), null, default);
        foreach (var (folder, _, _) in await session.ListAsync(default))
        {
            await session.OpenAsync(folder.Name, default);
            var messages = await session.SummariesAsync(folder.Name, 0, Math.Max(0, session.Count(folder.Name) - 1), withDates: true, default);
            await session.BodiesAsync(folder.Name, [.. messages.Select(m => m.Uid).Order()], messages.Sum(m => m.Bytes), async (_, body) => await body.DisposeAsync(), default);
        }
    }

    // Every fourth answer, at one or two places.
    private static string Changed(string answer, PCG chance)
    {
        if (chance.Next(4) != 0 || answer.Length == 0) return answer;
        for (var times = 1 + (int)chance.Next(2); times > 0 && answer.Length > 0; times--)
        {
            var at = (int)chance.Next((uint)answer.Length);
            var length = Math.Min(answer.Length - at, 1 + (int)chance.Next(12));
            answer = chance.Next(5) switch
            {
                0 => answer.Remove(at, length),
                1 => answer.Insert(at, Words[chance.Next((uint)Words.Length)]),
                2 => answer.Insert(at, answer.Substring(at, length)),
                3 => answer.Remove(at, 1).Insert(at, ((char)chance.Next(256)).ToString()),
                _ => answer[..at],
            };
        }

        return answer;
    }
}
