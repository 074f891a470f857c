BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE cooperation_members (
	cooperation_id VARCHAR(40) NOT NULL, 
	"key" VARCHAR(8) NOT NULL, 
	CONSTRAINT pk_cooperation_members PRIMARY KEY (cooperation_id, "key")
);
CREATE TABLE cooperations (
	id VARCHAR(40) NOT NULL, 
	title TEXT NOT NULL, 
	topic TEXT NOT NULL, 
	topic_en TEXT NOT NULL, 
	use_cases TEXT NOT NULL, 
	legal_form TEXT NOT NULL, 
	legal_form_en TEXT NOT NULL, 
	start_year FLOAT, 
	status TEXT NOT NULL, 
	source_url TEXT NOT NULL, 
	CONSTRAINT pk_cooperations PRIMARY KEY (id)
);
CREATE TABLE needs (
	"key" VARCHAR(8) NOT NULL, 
	use_case VARCHAR(5) NOT NULL, 
	urgency FLOAT, 
	provenance TEXT NOT NULL, 
	source_url TEXT NOT NULL, 
	CONSTRAINT pk_needs PRIMARY KEY ("key", use_case)
);
INSERT INTO "needs" VALUES('01059083','UC01',3.0,'self-assessed','');
INSERT INTO "needs" VALUES('01059083','UC03',1.0,'self-assessed','');
CREATE TABLE offers (
	"key" VARCHAR(8) NOT NULL, 
	position INTEGER NOT NULL, 
	use_case TEXT NOT NULL, 
	stage TEXT NOT NULL, 
	title TEXT NOT NULL, 
	title_en TEXT NOT NULL, 
	year FLOAT, 
	provenance TEXT NOT NULL, 
	source_url TEXT NOT NULL, 
	CONSTRAINT pk_offers PRIMARY KEY ("key", position)
);
INSERT INTO "offers" VALUES('01059083',0,'UC05','pilot','Übersetzung','Translation',2025.0,'self-assessed','');
CREATE TABLE profiles (
	"key" VARCHAR(8) NOT NULL, 
	"D1" FLOAT, 
	"D2" FLOAT, 
	"D3" FLOAT, 
	"D4" FLOAT, 
	"D5" FLOAT, 
	"D6" FLOAT, 
	"D7" FLOAT, 
	"D8" FLOAT, 
	"D1_se" FLOAT, 
	"D2_se" FLOAT, 
	"D3_se" FLOAT, 
	"D4_se" FLOAT, 
	"D5_se" FLOAT, 
	"D6_se" FLOAT, 
	"D7_se" FLOAT, 
	"D8_se" FLOAT, 
	respondents FLOAT, 
	fte FLOAT, 
	budget_eur FLOAT, 
	provenance TEXT NOT NULL, 
	as_of TEXT NOT NULL, 
	CONSTRAINT pk_profiles PRIMARY KEY ("key")
);
INSERT INTO "profiles" VALUES('01059083',2.5,NULL,0.0,NULL,NULL,NULL,NULL,5.0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0.5,NULL,'self-assessed','2026-01-31');
CREATE TABLE register (
	"key" VARCHAR(8) NOT NULL, 
	name TEXT NOT NULL, 
	land TEXT NOT NULL, 
	lat FLOAT, 
	lon FLOAT, 
	population FLOAT, 
	area_km2 FLOAT, 
	parent_key TEXT NOT NULL, 
	source TEXT NOT NULL, 
	CONSTRAINT pk_register PRIMARY KEY ("key")
);
CREATE TABLE revision (
	number INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	what TEXT NOT NULL, 
	CONSTRAINT pk_revision PRIMARY KEY (number)
);
INSERT INTO "revision" VALUES(1,'2026-11-25 16:33:00.100941','profile 01059083');
CREATE TABLE stated (
	"key" VARCHAR(8) NOT NULL, 
	block VARCHAR(40) NOT NULL, 
	CONSTRAINT pk_stated PRIMARY KEY ("key", block)
);
INSERT INTO "stated" VALUES('01059083','needs');
INSERT INTO "stated" VALUES('01059083','offers');
COMMIT;
