using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>Logins line by line, from any address of this machine: mail programs choose for themselves what they say.</summary>
internal static class SpokenLogins
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Says lines in one session, each when the one before is answered; what is answered to each.</summary>
    public static async Task<List<string>> SayAsync(this MailNodeUnderTest node, string port, string from, params string[] lines)
    {
        using var client = new TcpClient(new IPEndPoint(IPAddress.Parse(from), 0));
        await client.ConnectAsync(IPAddress.Loopback, node.Port(port));
        using var reader = new StreamReader(client.GetStream(), Encoding.ASCII);
        await RawSmtp.ReplyAsync(reader).WaitAsync(Patience);
        var answers = new List<string>();
        foreach (var line in lines)
        {
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(line + "\r\n"));
            string answer;
            do answer = await RawSmtp.ReplyAsync(reader).WaitAsync(Patience);
            while (answer.StartsWith("* ", StringComparison.Ordinal)); // IMAP has more to say than the answer
            answers.Add(answer);
        }

        return answers;
    }

    /// <summary>Logs in by IMAP; the answer begins with <c>a OK</c> or <c>a NO</c>.</summary>
    public static async Task<string> ImapLoginAsync(this MailNodeUnderTest node, string login, string password, string from = "127.0.0.1", string? id = null)
        => (await node.SayAsync("IMAP", from, [.. id is null ? Array.Empty<string>() : [$"i ID {id}"], $"a LOGIN {login} \"{password}\""]))[^1];

    /// <summary>Logs in by POP3; the answer begins with <c>+OK</c> or <c>-ERR</c>.</summary>
    public static async Task<string> Pop3LoginAsync(this MailNodeUnderTest node, string login, string password, string from = "127.0.0.1")
        => (await node.SayAsync("POP3", from, $"USER {login}", $"PASS {password}"))[^1];

    /// <summary>Logs in to send and says more; the last answer, which is that of the login when nothing more is said.</summary>
    public static async Task<string> SmtpLoginAsync(this MailNodeUnderTest node, string login, string password, string from = "127.0.0.1", params string[] more)
        => (await node.SayAsync("SUBMISSION", from, ["EHLO program.test", $"AUTH PLAIN {Plain(login, password)}", .. more]))[^1];

    /// <summary>The one line of SASL PLAIN (RFC 4616).</summary>
    public static string Plain(string login, string password) => Base64($"\0{login}\0{password}");

    /// <summary>A line of SASL LOGIN.</summary>
    public static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
