using System.Text;
using Hikyaku.Platform.Testing;
using MailKit;
using MimeKit;
using MimeKit.Cryptography;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Security;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>A DKIM signature (RFC 6376) that is valid when a message comes in is valid in the mailbox.</summary>
[Collection(OneNode.Name)]
public sealed class Signed_mail(NodeFixture fixture)
{
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Theory, Trait("Rule", "NOD-4")]
    [InlineData(DkimCanonicalizationAlgorithm.Simple, 300)]
    [InlineData(DkimCanonicalizationAlgorithm.Simple, 100_000)]
    [InlineData(DkimCanonicalizationAlgorithm.Relaxed, 100_000)]
    public async Task A_signature_stays_valid_however_long_the_lines_are(DkimCanonicalizationAlgorithm canonicalization, int characters)
    {
        var stop = TestContext.Current.CancellationToken;
        var (account, keys) = (await Account.OpenAsync(_node), KeyPair());
        using var message = MimeMessage.Load(new MemoryStream(Encoding.UTF8.GetBytes(
            $"From: somebody@outside.test\r\nTo: {account.Address}\r\nSubject: signed\r\nX-Long: {new string('x', 5000)}\r\nMIME-Version: 1.0\r\n"
            + $"Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{new string('あ', characters)}\r\n.\r\n  two  blanks \r\n")), stop);
        var signer = new DkimSigner(keys.Private, "outside.test", "test", DkimSignatureAlgorithm.RsaSha256)
        {
            HeaderCanonicalizationAlgorithm = canonicalization,
            BodyCanonicalizationAlgorithm = canonicalization,
        };
        signer.Sign(message, ["From", "To", "Subject", "X-Long", "Content-Type", "Content-Transfer-Encoding"]);
        using var sent = new MemoryStream();
        await message.WriteToAsync(new FormatOptions { NewLineFormat = NewLineFormat.Dos }, sent, stop);
        Assert.StartsWith("250", await _node.DeliverRawAsync(account.Address, sent.ToArray()), StringComparison.Ordinal);

        await Eventually.Async(account.InboxAsync, inbox => inbox.Count == 1);
        using var imap = await account.LoggedInAsync();
        await imap.Inbox!.OpenAsync(FolderAccess.ReadOnly, stop);
        using var stored = await imap.Inbox.GetMessageAsync(0, stop);
        Assert.True(await new DkimVerifier(new OneKey(keys.Public)).VerifyAsync(stored, stored.Headers[stored.Headers.IndexOf(HeaderId.DkimSignature)], stop));
    }

    private static AsymmetricCipherKeyPair KeyPair()
    {
        var generator = new RsaKeyPairGenerator();
        generator.Init(new RsaKeyGenerationParameters(BigInteger.ValueOf(65537), new SecureRandom(), 2048, 64));
        return generator.GenerateKeyPair();
    }

    private sealed class OneKey(AsymmetricKeyParameter key) : IDkimPublicKeyLocator
    {
        public AsymmetricKeyParameter LocatePublicKey(string methods, string domain, string selector, CancellationToken cancellationToken = default) => key;

        public Task<AsymmetricKeyParameter> LocatePublicKeyAsync(string methods, string domain, string selector, CancellationToken cancellationToken = default) => Task.FromResult(key);
    }
}
